/**
 * The rules of verified files: their digest, and their sidecar (SPEC 14).
 *
 * @module
 */

import { accept, refuse, type Rule } from "./rule.ts";

/** Every rule of verified files by its slug, in the order of the document. */
export const VERITY_RULES = {
  "verity-digest": refuse(
    "14.2",
    "The SHA-256 of the descriptor is the digest that the reader was given",
  ),
  "verity-length": refuse("14.3", "The sidecar ends where its tree ends"),
  "verity-padding": refuse(
    "14.3",
    "Between the descriptor and the tree there are only zero bytes",
  ),
  "verity-descriptor": refuse(
    "14.4",
    "The descriptor is one of version 1, with SHA-256, blocks of 4096 bytes, no salt and no signature",
  ),
  "verity-data-size": refuse("14.4", "data_size is the length of the file"),
  "verity-tree": refuse(
    "14.5",
    "Each hash block on the path of a data block has its hash in the level above",
  ),
  "verity-data": refuse("14.5", "A data block has its hash in level 1"),
  "verity-hole": accept(
    "14.6",
    "A full hash block of zero bytes is the constant of its level",
  ),
} as const satisfies Readonly<Record<string, Rule>>;
