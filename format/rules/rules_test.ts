import assert from "node:assert/strict";
import { test } from "node:test";
import { RULES, type RuleSlug } from "./rules.ts";

test("RULES has well-formed slugs and sentences, in order of the document", () => {
  let before = 0;
  for (const slug of Object.keys(RULES) as RuleSlug[]) {
    const { section, text } = RULES[slug];
    assert.match(slug, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    assert.match(section, /^(?:[3456]|1[01245])\.\d+$/);
    assert(text.length > 10 && !/[.\n]$/.test(text), slug);
    const [chapter, number] = section.split(".").map(Number);
    assert(chapter * 100 + number >= before, slug);
    before = chapter * 100 + number;
  }
});
