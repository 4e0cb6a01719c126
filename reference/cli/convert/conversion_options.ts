import { OPEN_NAMES } from "../input/snapshot_options.ts";
import { PLACE_NAMES } from "../input/place_options.ts";

/** An option of `convert`. */
export type ConvertOption =
  | "arch"
  | "backing"
  | "bitmap-byte-order"
  | "bitmap-word-size"
  | "block"
  | "cluster-size"
  | "digest"
  | "exact"
  | "force"
  | "allow-backing"
  | "from"
  | "jobs"
  | "json"
  | "leave-out"
  | "level"
  | "machine"
  | "memory"
  | "offset"
  | "page-size"
  | "range"
  | "repair"
  | "seal"
  | "to"
  | "verity"
  | "without-vmdesc"
  | "zlib";

/** Options that every conversion takes. */
export const ALWAYS: readonly ConvertOption[] = [
  ...["from", "to", "force", "json"] as const,
  ...PLACE_NAMES,
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

/** Options of packing a snapshot, after it is written. */
export const PACKING: readonly ConvertOption[] = [
  "zlib",
  "level",
  "cluster-size",
  "jobs",
];
