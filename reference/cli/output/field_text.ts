import { hexText } from "../../../format/bytes/mod.ts";
import type { DeviceStruct, FieldValue } from "../../../format/vmdesc/mod.ts";
import { printable } from "./printable.ts";

/** Maximum bytes of a field that are printed, except as JSON. */
const BYTES_SHOWN = 32;

/** Returns what JSON has of a structure. */
export function structJson(struct: DeviceStruct): Record<string, unknown> {
  const { name, version, fields, subsections } = struct;
  return {
    vmsdName: name,
    version,
    fields: fields.map(({ name, type, offset, size, value }) => ({
      name,
      type,
      offset,
      size,
      value: valueJson(value),
    })),
    subsections: subsections.map(structJson),
  };
}

/** Converts 64-bit integers to text: not every reader of JSON keeps them. */
export function valueJson(value: FieldValue): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return { hex: hexText(value) };
  if (Array.isArray(value)) return value.map(valueJson);
  if (isStruct(value)) return structJson(value);
  return value;
}

/** Formats a value: registers in hexadecimal, as in manuals; text as text. */
export function textOf(value: FieldValue, type: string): string {
  if (value instanceof Uint8Array) {
    const text = paddedText(value);
    if (text !== undefined) return JSON.stringify(text);
    const shown = hexText(value.subarray(0, BYTES_SHOWN));
    return value.length > BYTES_SHOWN
      ? `${shown}… ${value.length} bytes`
      : shown;
  }
  if (typeof value === "string") return printable(value);
  const isInteger = typeof value === "number" || typeof value === "bigint";
  return isInteger && value > 9 && type.startsWith("uint")
    ? `0x${value.toString(16)}`
    : String(value);
}

/** A shorter buffer may be a number whose bytes look like text. */
const TEXT_MIN = 4;
const TEXT_MAX = 100;

/** Returns the text of a zero-padded buffer that contains only text. */
function paddedText(bytes: Uint8Array): string | undefined {
  const end = bytes.findIndex((it) => it < 0x20 || it > 0x7e);
  if (end < TEXT_MIN || end > TEXT_MAX) return undefined;
  for (let at = end; at < bytes.length; at++) if (bytes[at] !== 0) return;
  return String.fromCharCode(...bytes.subarray(0, end));
}

/** Whether a value is a structure. */
export function isStruct(value: FieldValue): value is DeviceStruct {
  return typeof value === "object" && value !== null && "subsections" in value;
}
