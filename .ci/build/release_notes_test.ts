import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CONFIGURATION, ROOT } from "./project.ts";
import { changesOf, releaseNotes } from "./release_notes.ts";

const CHANGELOG = `# Changelog

## Unreleased (1.10.0)

- new

## 1.1.0 (2026-12-01)

### Fixed

- old

## 1.0.0 (2026-11-30)
`;

test("changesOf() returns the section of a version, and of no other", () => {
  assert.equal(changesOf(CHANGELOG, "1.10.0"), "- new");
  assert.equal(changesOf(CHANGELOG, "1.1.0"), "### Fixed\n\n- old");
  assert.equal(changesOf(CHANGELOG, "1.0.0"), "");
  for (const version of ["1.1", "2.0.0"]) {
    assert.throws(() => changesOf(CHANGELOG, version), RangeError);
  }
  const twice = `${CHANGELOG}\n## 1.1.0 (again)\n`;
  assert.throws(() => changesOf(twice, "1.1.0"), /2 sections .* expected one/);
});

test("the changelog has one section for each version, of the usual parts", () => {
  const text = readFileSync(join(ROOT, "docs/CHANGELOG.md"), "utf8");
  const headings = Array.from(text.matchAll(/^## (.*)$/gm), ([, it]) => it);
  for (const heading of headings) {
    const [, unreleased, released] =
      /^(?:Unreleased \((\d+\.\d+\.\d+)\)|(\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\))$/
        .exec(heading) ?? [];
    const version = unreleased ?? released;
    assert(version !== undefined, heading);
    const parts = changesOf(text, version).match(/^### .*$/gm) ?? [];
    assert.equal(new Set(parts).size, parts.length, `${version}: ${parts}`);
  }
  assert.notEqual(changesOf(text, CONFIGURATION.version), "");
});

test("releaseNotes() has the changes, and the checksums of what is attached", () => {
  const notes = releaseNotes("0a  mapped-ram\n0b  npm/mod.js\n0c  x.tgz\n");
  assert(notes.startsWith(`# mapped-ram ${CONFIGURATION.version}\n`));
  assert(notes.includes("```text\n0a  mapped-ram\n0c  x.tgz\n```\n"));
  assert.doesNotMatch(notes, /\]\(/);
});
