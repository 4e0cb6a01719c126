import { type MemoryFormat, openElfCore, openLime } from "../../convert/mod.ts";
import type { Conversion } from "./conversion.ts";
import {
  type ConvertOption,
  IMPORTING,
  OPENING,
  PACKING,
  PLACING,
} from "./conversion_options.ts";
import { copySnapshot } from "./copy_snapshot.ts";
import { importFlat, importRanges } from "./import_memory.ts";
import { fromRanges, fromSnapshot, fromStream } from "./open_image.ts";
import { packedToMapped, streamToMapped } from "./stream_to_mapped.ts";
import { toElf } from "./to_elf.ts";
import { toImages } from "./to_images.ts";
import { toLime } from "./to_lime.ts";
import { toQcow2 } from "./to_qcow2.ts";
import { toSequential } from "./to_sequential.ts";

/** A format that convert writes. */
export interface OutputFormat {
  /** The heading of the format in documents. */
  readonly title: string;
  /** Endings of the names of such files. */
  readonly endings: readonly string[];
}

/** The formats that convert writes. */
export const OUTPUTS = {
  "mapped-ram": { title: "mapped-ram", endings: [] },
  "sequential": {
    title: "sequential",
    endings: ["seq", "stream", "migration"],
  },
  "images": { title: "images", endings: [] },
  "elf": { title: "ELF", endings: ["elf", "core", "vmcore"] },
  "lime": { title: "LiME", endings: ["lime"] },
  "qcow2": { title: "qcow2", endings: ["qcow2"] },
} as const satisfies Readonly<Record<string, OutputFormat>>;

/** A format that convert writes. */
export type ToFormat = keyof typeof OUTPUTS;

/** A format that convert reads. */
export interface InputFormat {
  /** Its name in the help text and in documents. */
  readonly title: string;
  /** The options of reading it. */
  readonly reading: readonly ConvertOption[];
  /** Its conversions, by output format. */
  readonly to: Readonly<Partial<Record<ToFormat, Conversion>>>;
}

/** The formats that convert reads, with all conversions. */
export const INPUTS: Readonly<Record<MemoryFormat, InputFormat>> = {
  "mapped-ram": {
    title:
      "mapped-ram (also fixed-ram, libvirt's sparse image, packed in qcow2)",
    reading: OPENING,
    to: {
      "mapped-ram": { takes: ["repair", "jobs"], run: copySnapshot },
      "sequential": { takes: [], run: toSequential },
      "images": { takes: [], run: fromSnapshot(toImages) },
      "elf": { takes: [...PLACING, "arch"], run: fromSnapshot(toElf) },
      "lime": { takes: PLACING, run: fromSnapshot(toLime) },
      "qcow2": { takes: ["backing", "exact", ...PACKING], run: toQcow2 },
    },
  },
  "sequential": {
    title: "sequential migration stream (also libvirt's raw image)",
    reading: ["offset", "page-size"],
    to: {
      "mapped-ram": { takes: ["without-vmdesc"], run: streamToMapped },
      "images": { takes: [], run: fromStream(toImages) },
      "elf": { takes: [...PLACING, "arch"], run: fromStream(toElf) },
      "lime": { takes: PLACING, run: fromStream(toLime) },
    },
  },
  "packed": {
    title: "libvirt's image packed by gzip or zstd",
    reading: ["page-size"],
    to: { "mapped-ram": { takes: ["without-vmdesc"], run: packedToMapped } },
  },
  "elf": {
    title: "ELF core (32 or 64 bits)",
    reading: [],
    to: {
      "mapped-ram": { takes: IMPORTING, run: importRanges(openElfCore) },
      "elf": { takes: ["arch"], run: fromRanges(openElfCore, toElf) },
      "lime": { takes: [], run: fromRanges(openElfCore, toLime) },
    },
  },
  "lime": {
    title: "LiME",
    reading: [],
    to: {
      "mapped-ram": { takes: IMPORTING, run: importRanges(openLime) },
      "elf": { takes: ["arch"], run: fromRanges(openLime, toElf) },
      "lime": { takes: [], run: fromRanges(openLime, toLime) },
    },
  },
  "raw": {
    title: "flat memory (Firecracker, Cloud Hypervisor)",
    reading: [],
    to: {
      "mapped-ram": {
        takes: ["machine", "block", "page-size"],
        run: importFlat,
      },
    },
  },
};

/** Names of {@linkcode INPUTS}. */
export const FROM_FORMATS = Object.keys(INPUTS) as readonly MemoryFormat[];

/** Names of {@linkcode OUTPUTS}. */
export const TO_FORMATS = Object.keys(OUTPUTS) as readonly ToFormat[];
