import { OPEN_OPTIONS, SNAPSHOT_OPTIONS } from "../input/snapshot_options.ts";

/** Options of `convert`. */
export const CONVERT_OPTIONS = {
  ...SNAPSHOT_OPTIONS,
  from: { type: "string" },
  to: { type: "string" },
  machine: { type: "string" },
  memory: { type: "string" },
  block: { type: "string", multiple: true },
  range: { type: "string", multiple: true },
  "leave-out": { type: "string", multiple: true },
  arch: { type: "string" },
  "page-size": { type: "string" },
  "without-vmdesc": { type: "boolean" },
  repair: { type: "boolean" },
  force: { type: "boolean" },
} as const;

/** The name of an option of `convert`. */
export type ConvertOption = keyof typeof CONVERT_OPTIONS;

/** Options that every conversion takes. */
export const ALWAYS: readonly ConvertOption[] = ["from", "to", "force", "json"];

/** Options of reading a snapshot. */
export const OPENING = Object.keys(OPEN_OPTIONS) as readonly ConvertOption[];

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
