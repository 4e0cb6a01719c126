/**
 * The rules of sequential streams, which hold pages as records, without
 * mapped-ram.
 *
 * @module
 */

import type { Rule } from "./rule.ts";

/** The slug of a rule of sequential streams. */
export type SequentialRuleSlug =
  | "record-flags"
  | "record-block"
  | "record-inside-block"
  | "record-zero"
  | "record-xbzrle"
  | "record-compressed"
  | "record-last"
  | "record-continue"
  | "background-snapshot-end";

/** The section of SPEC.md that states them. */
const SECTION = "11.4";

function refuse(text: string): Rule {
  return { kind: "refuse", section: SECTION, text };
}

function accept(text: string): Rule {
  return { kind: "accept", section: SECTION, text };
}

/** Every rule of sequential streams by its slug. */
export const SEQUENTIAL_RULES: Readonly<Record<SequentialRuleSlug, Rule>> = {
  "record-flags": refuse(
    "The flags of a RAM record are of one kind, with or without CONTINUE, or only EOS",
  ),
  "record-block": refuse(
    "A RAM record names a RAMBlock of the list, or continues with the one named last",
  ),
  "record-inside-block": refuse(
    "The page of a RAM record is inside its RAMBlock",
  ),
  "record-zero": refuse("A ZERO record has the byte 0"),
  "record-xbzrle": refuse(
    "An XBZRLE record is a well-formed delta that stays inside its page",
  ),
  "record-compressed": refuse(
    "A COMPRESS_PAGE record is a zlib stream of exactly one page",
  ),
  "record-last": accept(
    "A page is the result of its records in the order of the stream; without any it is zero",
  ),
  "record-continue": accept(
    "CONTINUE refers to the RAMBlock named last, in whichever part of the RAM section that was",
  ),
  "background-snapshot-end": accept(
    "A sequential stream may reach its EOF item without an END of the RAM section",
  ),
};
