import type { OpenOptions } from "../../reading/mod.ts";
import { parseNumber } from "./number_argument.ts";
import { PLACE_NAMES, placeOptions } from "./place_options.ts";

/** Returns `--offset`, for the file of that name. */
export function offsetOption(file: string) {
  return {
    type: "string",
    value: "N",
    text: `offset in bytes at which the stream starts in ${file}`,
  } as const;
}

/** Returns the options that say how to open the snapshot of that name. */
export function openingOptions(file: string) {
  return {
    offset: offsetOption(file),
    "bitmap-byte-order": {
      type: "string",
      value: "ORDER",
      values: ["little", "big"],
      text: `little, or big if a big-endian host saved ${file}`,
    },
    "bitmap-word-size": {
      type: "string",
      value: "SIZE",
      values: ["4", "8"],
      text: `8, or 4 if a 32-bit host saved ${file}`,
    },
  } as const;
}

/** `--json` of commands that print one document, or explain their events. */
export const JSON_OPTION = { type: "boolean", text: "print JSON" } as const;

/** `--json` of commands that report progress. */
export const JSON_EVENTS_OPTION = {
  type: "boolean",
  text: "print JSON, one object per line: progress during the work, then the " +
    "result",
} as const;

/** Options of commands that read the snapshot FILE and print one document. */
export const SNAPSHOT_OPTIONS = {
  ...openingOptions("FILE"),
  ...placeOptions("FILE"),
  json: JSON_OPTION,
} as const;

/** Names of {@linkcode openingOptions}. */
export const OPEN_NAMES = [
  "offset",
  "bitmap-byte-order",
  "bitmap-word-size",
] as const;

/** Names of {@linkcode SNAPSHOT_OPTIONS}. */
export const SNAPSHOT_NAMES = [...OPEN_NAMES, ...PLACE_NAMES, "json"] as const;

/** Values of {@linkcode openingOptions}. */
export interface OpenValues {
  readonly offset?: string | undefined;
  readonly "bitmap-byte-order"?: "little" | "big" | undefined;
  readonly "bitmap-word-size"?: "4" | "8" | undefined;
}

/** Returns the words of a command line that give these options. */
export function openWords(
  { offset, bitmapByteOrder, bitmapWordSize }: OpenOptions,
): string[] {
  const values = {
    offset,
    "bitmap-byte-order": bitmapByteOrder,
    "bitmap-word-size": bitmapWordSize,
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  );
}

/** Converts the values of {@linkcode openingOptions} to options of opening. */
export function openOptions(values: OpenValues): OpenOptions {
  const { offset, "bitmap-word-size": size } = values;
  return {
    offset: offset === undefined ? undefined : parseNumber("--offset", offset),
    bitmapByteOrder: values["bitmap-byte-order"],
    bitmapWordSize: size === undefined ? undefined : size === "4" ? 4 : 8,
  };
}
