import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { RULES, type RuleSlug, SPEC_VERSION } from "../../mod.ts";
import {
  listPackedVectors,
  listVectors,
  listVerityVectors,
} from "../vectors/list_vectors.ts";

const SPEC = readFileSync(
  fileURLToPath(new URL("../../SPEC.md", import.meta.url)),
  "utf8",
);
const SLUGS = Object.keys(RULES) as RuleSlug[];
const VECTORS = [
  ...listVectors(),
  ...listVerityVectors(),
  ...listPackedVectors(),
];
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
      // Section 2.1 defines these words, with a slug as an example.
      if (section === "2.1" || !/\b(?:MUST|REQUIRED)\b/.test(paragraph)) {
        continue;
      }
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

/** Returns the slugs of the table of positions, and of the unsupported rules. */
function slugsOfErrors(): Record<"positions" | "unsupported", Set<string>> {
  const text = (SECTIONS.get("10.3") ?? []).join("\n\n");
  const [list = ""] = /^Unsupported are: [^]*?\. Integrity are/m.exec(text) ??
    [];
  const cells = Array.from(text.matchAll(/^\| (`[^|]*)/gm), ([, cell]) => cell);
  const slugs = (of: string) =>
    new Set(Array.from(of.matchAll(/`([a-z][a-z0-9-]+)`/g), ([, it]) => it));
  return { positions: slugs(cells.join()), unsupported: slugs(list) };
}

test("section 10.3 names only rules that readers refuse a file by", () => {
  const { positions, unsupported } = slugsOfErrors();
  assert.ok(positions.size > 0 && unsupported.size > 0);
  for (const slug of [...positions, ...unsupported] as RuleSlug[]) {
    assert.ok(SLUGS.includes(slug), `unknown rule ${slug}`);
  }
  for (const slug of unsupported as Set<RuleSlug>) {
    assert.equal(RULES[slug].kind, "refuse", slug);
  }
});

test("section 10.3 lists each rule by which a vector is unsupported", () => {
  const { unsupported } = slugsOfErrors();
  for (const { path, expected } of VECTORS) {
    const { error, sequentialError, dirtyBitmapsError } = expected;
    const { profileError, verityError } = expected;
    const errors = [
      ...[error, sequentialError, dirtyBitmapsError],
      ...[profileError, verityError, expected.packedError],
    ];
    for (const it of errors) {
      if (it?.kind !== "unsupported") continue;
      assert.ok(unsupported.has(it.rule), `${path}: ${it.rule}`);
    }
  }
});

test("the pseudocode of 4.12 checks each rule of section 4", () => {
  const code = (SECTIONS.get("4.12") ?? []).join("\n");
  for (const slug of SLUGS) {
    const { kind, section } = RULES[slug];
    if (kind !== "refuse" || !section.startsWith("4.")) continue;
    assert.ok(code.includes(slug), slug);
  }
});

test("every rule has a vector, and every vector names existing rules", () => {
  const proven = new Set<string>();
  for (const { path, expected } of VECTORS) {
    assert(expected.rules.length > 0, path);
    for (const rule of expected.rules) {
      assert(SLUGS.includes(rule), `${path}: unknown rule ${rule}`);
      proven.add(rule);
    }
    const [kind, rule] = path.split("/");
    if (kind !== "invalid") continue;
    assert(expected.rules.includes(rule as RuleSlug), path);
    const { sequentialError, profileError, verityError, verity } = expected;
    const { packedError } = expected;
    const broken = (sequentialError ?? profileError ?? verityError ?? verity ??
      packedError ?? expected.error)?.rule ?? expected.findings?.[0];
    assert.equal(broken, rule, path);
  }
  assert.deepEqual(SLUGS.filter((slug) => !proven.has(slug)), []);
});
