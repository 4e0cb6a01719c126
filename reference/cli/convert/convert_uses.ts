import { OPEN_OPTIONS, SNAPSHOT_OPTIONS } from "../input/snapshot_options.ts";
import { optionUses } from "../program/option_ways.ts";
import {
  FROM_FORMATS,
  type FromFormat,
  TO_FORMATS,
  type ToFormat,
} from "./convert_arguments.ts";

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

type Name = keyof typeof CONVERT_OPTIONS;

/** A conversion, as `Cannot use --option` goes on: `from elf to mapped-ram`. */
export type ConvertWay = `from ${FromFormat} to ${ToFormat}`;

/** Options that every conversion takes. */
const ALWAYS: readonly Name[] = ["from", "to", "force", "json"];

/** What says how a format is read. */
const READING: Readonly<Record<FromFormat, readonly Name[]>> = {
  "mapped-ram": Object.keys(OPEN_OPTIONS) as Name[],
  "sequential": ["offset", "page-size"],
  "packed": ["page-size"],
  "elf": [],
  "lime": [],
  "raw": [],
};

/** What says where the guest sees the RAMBlocks that there are. */
const PLACING: readonly Name[] = ["machine", "block", "range", "leave-out"];
/** What says which RAMBlocks memory at addresses becomes. */
const IMPORTING: readonly Name[] = [
  ...["machine", "memory", "block", "range", "page-size"] as const,
];

/** What a conversion takes besides; undefined: there is no such conversion. */
const CONVERTING: Readonly<
  Record<FromFormat, Partial<Record<ToFormat, readonly Name[]>>>
> = {
  "mapped-ram": {
    "mapped-ram": ["repair"],
    "sequential": [],
    "images": [],
    "elf": [...PLACING, "arch"],
    "lime": PLACING,
  },
  "sequential": {
    "mapped-ram": ["without-vmdesc"],
    "images": [],
    "elf": [...PLACING, "arch"],
    "lime": PLACING,
  },
  "packed": { "mapped-ram": ["without-vmdesc"] },
  "elf": { "mapped-ram": IMPORTING, "elf": ["arch"], "lime": [] },
  "lime": { "mapped-ram": IMPORTING, "elf": ["arch"], "lime": [] },
  "raw": { "mapped-ram": ["machine", "block", "page-size"] },
};

/** The options of each conversion. */
export const CONVERT_USES = optionUses(CONVERT_OPTIONS, {
  ways: Object.fromEntries(
    FROM_FORMATS.flatMap((from) =>
      TO_FORMATS.flatMap((to): [ConvertWay, readonly Name[]][] => {
        const own = CONVERTING[from][to];
        return own === undefined
          ? []
          : [[`from ${from} to ${to}`, [...ALWAYS, ...READING[from], ...own]]];
      })
    ),
  ) as Record<ConvertWay, readonly Name[]>,
});
