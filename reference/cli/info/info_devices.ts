import type { DeviceStruct, FieldValue } from "../../../format/vmdesc/mod.ts";
import {
  type DeviceRecord,
  deviceStates,
  type WithDevices,
} from "../../device_state/mod.ts";
import type { Verity } from "../input/place_options.ts";
import { isStruct, structJson, textOf } from "../output/field_text.ts";
import { print, printJson } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { paint } from "../output/terminal.ts";

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

function isPlain(value: FieldValue): boolean {
  return typeof value !== "object" || value === null ||
    value instanceof Uint8Array;
}
