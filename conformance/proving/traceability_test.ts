import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { RULES, type RuleSlug, SPEC_VERSION } from "../../mod.ts";
import { listVectors } from "../vectors/list_vectors.ts";

const SPEC = readFileSync(
  fileURLToPath(new URL("../../SPEC.md", import.meta.url)),
  "utf8",
);
const SLUGS = Object.keys(RULES) as RuleSlug[];
/** The sections of SPEC.md by number, each a list of paragraphs. */
const SECTIONS = splitSections(SPEC);

function splitSections(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let current = "";
  for (const paragraph of text.split(/\n\s*\n/)) {
    const heading = /^#{2,3} (\d+(?:\.\d+)?|Annex [A-Z])/.exec(paragraph);
    if (heading !== null) current = heading[1];
    const paragraphs = sections.get(current) ?? [];
    sections.set(current, [...paragraphs, paragraph]);
  }
  return sections;
}

/** Returns the slugs at the end of rules: (`slug`). */
function slugsOf(paragraph: string): string[] {
  return [...paragraph.matchAll(/\(`([a-z0-9-]+)`\)/g)].map((it) => it[1]);
}

test("SPEC.md has the version that the code implements", () => {
  assert.match(SPEC, new RegExp(`^# .*version ${SPEC_VERSION}\n`));
  assert.match(SPEC, new RegExp(`^### ${SPEC_VERSION}$`, "m"));
});

test("SPEC.md states each rule once, with a MUST in its section", () => {
  const stated = new Map<string, number>();
  for (const [section, paragraphs] of SECTIONS) {
    for (const paragraph of paragraphs) {
      // Section 2.1 defines MUST, with a slug as an example.
      if (section === "2.1" || !/\bMUST\b/.test(paragraph)) continue;
      const slugs = slugsOf(paragraph);
      assert.equal(slugs.length, 1, `section ${section}: ${paragraph}`);
      const [slug] = slugs as RuleSlug[];
      assert(SLUGS.includes(slug), `unknown rule ${slug}`);
      assert.equal(RULES[slug].section, section, slug);
      stated.set(slug, (stated.get(slug) ?? 0) + 1);
    }
  }
  assert.deepEqual([...stated.keys()].sort(), [...SLUGS].sort());
  assert([...stated.values()].every((count) => count === 1));
});

test("SPEC.md's annex lists the same rules as the code", () => {
  const rows = (SECTIONS.get("Annex A") ?? []).join("\n").matchAll(
    /^\| `([a-z0-9-]+)` +\| (\w+) +\| ([\d.]+) +\|$/gm,
  );
  assert.deepEqual(
    [...rows].map(([, slug, kind, section]) => [slug, kind, section]),
    Object.entries(RULES).map(([slug, it]) => [slug, it.kind, it.section]),
  );
});

test("every rule has a vector, and every vector names existing rules", () => {
  const proven = new Set<string>();
  for (const { path, expected } of listVectors()) {
    assert(expected.rules.length > 0, path);
    for (const rule of expected.rules) {
      assert(SLUGS.includes(rule), `${path}: unknown rule ${rule}`);
      proven.add(rule);
    }
    const [kind, rule] = path.split("/");
    if (kind !== "invalid") continue;
    assert(expected.rules.includes(rule as RuleSlug), path);
    const broken = expected.sequentialError?.rule ?? expected.error?.rule ??
      expected.findings?.[0];
    assert.equal(broken, rule, path);
  }
  assert.deepEqual(SLUGS.filter((slug) => !proven.has(slug)), []);
});
