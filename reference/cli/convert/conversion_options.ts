import { OPEN_NAMES } from "../input/snapshot_options.ts";
import { VERITY_NAMES } from "../input/verity_options.ts";

/** An option of `convert`. */
export type ConvertOption =
  | "arch"
  | "bitmap-byte-order"
  | "bitmap-word-size"
  | "block"
  | "digest"
  | "force"
  | "from"
  | "json"
  | "leave-out"
  | "machine"
  | "memory"
  | "offset"
  | "page-size"
  | "range"
  | "repair"
  | "seal"
  | "to"
  | "verity"
  | "without-vmdesc";

/** Options that every conversion takes. */
export const ALWAYS: readonly ConvertOption[] = [
  ...["from", "to", "force", "json"] as const,
  ...VERITY_NAMES,
];

/** Options of reading a snapshot. */
export const OPENING = OPEN_NAMES;

/** Options that give the guest-physical addresses of the RAMBlocks of IN. */
export const PLACING: readonly ConvertOption[] = [
  "machine",
  "block",
  "range",
  "leave-out",
];

/** Options that assign memory at addresses to RAMBlocks. */
export const IMPORTING: readonly ConvertOption[] = [
  "machine",
  "memory",
  "block",
  "range",
  "page-size",
];
