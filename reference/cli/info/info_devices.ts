import { hexText } from "../../../format/bytes/mod.ts";
import type { DeviceStruct, FieldValue } from "../../../format/vmdesc/mod.ts";
import {
  type DeviceRecord,
  deviceStates,
  type WithDevices,
} from "../../device_state/mod.ts";
import type { Verity } from "../input/place_options.ts";
import { print, printJson } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { paint } from "../output/terminal.ts";

/** Maximum bytes of a field that are printed, except as JSON. */
const BYTES_SHOWN = 32;
/** Maximum elements of an array of numbers that are printed, except as JSON. */
const ELEMENTS_SHOWN = 16;

/** Prints the state of each device, field by field. */
export async function printDevices(
  snapshot: WithDevices,
  { verity, json, signal }: {
    readonly verity: Verity | undefined;
    readonly json: boolean;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const devices: unknown[] = [];
  for await (const device of deviceStates(snapshot, { signal })) {
    if (json) devices.push(deviceJson(device));
    else print(linesOf(device).join("\n"));
  }
  if (!json) return;
  const { digest } = verity ?? {};
  printJson({ file: snapshot.source.name, digest, devices });
}

function deviceJson(device: DeviceRecord): unknown {
  const { idstr, instanceId, versionId, sectionId, state, fault } = device;
  return {
    idstr,
    instanceId,
    versionId,
    sectionId,
    ...device.range,
    ...(state === undefined ? { fault } : structJson(state)),
  };
}

function structJson(struct: DeviceStruct): Record<string, unknown> {
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
function valueJson(value: FieldValue): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return { hex: hexText(value) };
  if (Array.isArray(value)) return value.map(valueJson);
  if (isStruct(value)) return structJson(value);
  return value;
}

/** Returns the lines of a device; a write for each line would be slow. */
function linesOf(device: DeviceRecord): string[] {
  const { idstr, instanceId, versionId, state, fault } = device;
  const head = paint("bold", `${printable(idstr)} ${instanceId}`) +
    paint("dim", ` version ${versionId}`);
  const lines = [head];
  if (state === undefined) lines.push(`  ${fault}`);
  else addStruct(lines, state, { indent: "  " });
  return lines;
}

function addStruct(
  lines: string[],
  struct: DeviceStruct,
  { indent }: { readonly indent: string },
): void {
  for (const { name, type, value } of struct.fields) {
    addValue(lines, value, { label: printable(name), type, indent });
  }
  for (const subsection of struct.subsections) {
    lines.push(
      `${indent}${printable(subsection.name)}` +
        paint("dim", ` subsection, version ${subsection.version}`),
    );
    addStruct(lines, subsection, { indent: `${indent}  ` });
  }
}

function addValue(
  lines: string[],
  value: FieldValue,
  { label, type, indent }: {
    readonly label: string;
    readonly type: string;
    readonly indent: string;
  },
): void {
  const line = `${indent}${label}  ${paint("dim", printable(type))}`;
  if (isStruct(value)) {
    lines.push(line);
    addStruct(lines, value, { indent: `${indent}  ` });
  } else if (!Array.isArray(value)) {
    lines.push(`${line}  ${textOf(value, type)}`);
  } else if (value.every(isPlain)) {
    const shown = value.slice(0, ELEMENTS_SHOWN)
      .map((it) => textOf(it, type)).join(" ");
    const rest = value.length - ELEMENTS_SHOWN;
    const more = rest > 0 ? ` and ${rest} more` : "";
    lines.push(`${line}[${value.length}]  ${shown}${more}`);
  } else {
    lines.push(`${line}[${value.length}]`);
    const inner = `${indent}  `;
    for (const [index, element] of value.entries()) {
      addValue(lines, element, { label: `[${index}]`, type, indent: inner });
    }
  }
}

/** Formats a value: registers in hexadecimal, as in manuals; text as text. */
function textOf(value: FieldValue, type: string): string {
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

function isPlain(value: FieldValue): boolean {
  return typeof value !== "object" || value === null ||
    value instanceof Uint8Array;
}

function isStruct(value: FieldValue): value is DeviceStruct {
  return typeof value === "object" && value !== null && "subsections" in value;
}
