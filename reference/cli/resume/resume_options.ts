import { SNAPSHOT_NAMES, SNAPSHOT_OPTIONS } from "../input/snapshot_options.ts";
import { PLACE_NEEDS } from "../input/place_options.ts";
import { optionUses } from "../program/option_ways.ts";

/** Options of `resume`. */
export const RESUME_OPTIONS = {
  via: {
    type: "string",
    values: ["postcopy", "map"],
    text: "default: map if possible, otherwise postcopy",
  },
  to: {
    type: "string",
    value: "ADDRESS",
    text: "where QEMU listens, or with --qmp will listen",
  },
  qmp: {
    type: "string",
    value: "ADDRESS",
    text: "the QMP socket of a waiting QEMU",
  },
  paused: {
    type: "boolean",
    text: "leave the guest stopped; QMP's cont runs it",
  },
  out: {
    type: "string",
    value: "OUT",
    text: "with --via map: write to OUT what QEMU loads besides the RAM, and " +
      "print the commands that use it",
  },
  "verify-first": {
    type: "boolean",
    text:
      "with --via map and --digest: check all of FILE before QEMU maps it, " +
      "unless the kernel checks each page (fsverity enable)",
  },
  record: {
    type: "string",
    value: "PROFILE",
    group: "By postcopy",
    text: "record the pages that QEMU asks for, in order; with --no-push " +
      "these are all that the guest needs",
  },
  replay: {
    type: "string",
    multiple: true,
    value: "PROFILE",
    group: "By postcopy",
    text: "push the pages of a profile first; repeatable",
  },
  "max-bandwidth": {
    type: "string",
    value: "RATE",
    group: "By postcopy",
    text: "maximum bytes per second to push, such as 20M",
  },
  "no-push": {
    type: "boolean",
    group: "By postcopy",
    text: "send only pages that QEMU asks for",
  },
  "retry-for": {
    type: "string",
    value: "SECONDS",
    group: "By postcopy",
    text: "how long to retry a failed read; default: 60",
  },
  "drop-dirty-bitmaps": {
    type: "boolean",
    group: "By postcopy",
    text: "do not send the dirty bitmaps of block devices",
  },
  preempt: {
    type: "boolean",
    group: "By postcopy",
    text: "use a separate channel for requested pages",
  },
  "huge-pages": {
    type: "string",
    multiple: true,
    value: "IDSTR=SIZE",
    group: "By postcopy",
    text: "with --to alone: the RAMBlock IDSTR has huge pages of this " +
      "size",
  },
  force: {
    type: "boolean",
    text: "replace existing files",
  },
  ...SNAPSHOT_OPTIONS,
} as const;

/** Options of sending pages, which mapping does not need. */
export const POSTCOPY_ONLY = [
  ...["record", "replay", "max-bandwidth", "no-push"] as const,
  ...["drop-dirty-bitmaps", "preempt", "huge-pages", "retry-for"] as const,
] as const;

/** The options of each way; a QEMU after `--` has its own arguments. */
export const RESUME_USES = optionUses(RESUME_OPTIONS, {
  ways: {
    "by --via map": [
      ...SNAPSHOT_NAMES,
      ...["via", "verify-first", "qmp", "paused"] as const,
    ],
    "by --via map with --out": [
      ...SNAPSHOT_NAMES,
      ...["via", "verify-first", "out", "force"] as const,
    ],
    "without --via map": [
      ...SNAPSHOT_NAMES,
      ...POSTCOPY_ONLY,
      ...["via", "to", "qmp", "paused", "force"] as const,
    ],
  },
  needs: {
    force: ["record", "out"],
    "verify-first": ["digest"],
    ...PLACE_NEEDS,
  },
});
