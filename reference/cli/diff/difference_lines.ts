import { hexText } from "../../../format/bytes/mod.ts";
import { hex } from "../../../format/rules/mod.ts";
import type { FieldValue } from "../../../format/vmdesc/mod.ts";
import type {
  ConfigurationDifference,
  FieldDifference,
  PagesDifference,
  SectionDifference,
} from "../../comparing/mod.ts";
import { isStruct, textOf } from "../output/field_text.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf } from "../output/format_count.ts";
import { printable } from "../output/printable.ts";
import { paint } from "../output/terminal.ts";

/** The properties of a machine and of RAMBlocks in words. */
const PROPERTIES: Readonly<
  Record<ConfigurationDifference["property"], string>
> = {
  machine: "machine",
  capabilities: "capabilities",
  targetPageBits: "target page bits",
  uuid: "UUID",
  block: "",
  usedLength: "size",
  pageSize: "page size",
  ignored: "left out by x-ignore-shared",
  addresses: "guest-physical addresses",
};

/** Properties that are numbers of bytes. */
const IN_BYTES: readonly string[] = ["block", "usedLength", "pageSize"];

/** Returns the line of a property that differs. */
export function configurationLine(
  { idstr, property, a, b }: ConfigurationDifference,
): string {
  const text = (value: typeof a) =>
    value === undefined
      ? "none"
      : typeof value === "number" && IN_BYTES.includes(property)
      ? formatBytes(value)
      : String(value);
  const block = idstr === undefined ? [] : [`RAMBlock ${idstr}`];
  const name = [...block, PROPERTIES[property]].join(" ").trimEnd();
  return `${name}  ${arrow(text(a), text(b))}`;
}

/** Returns the line of a run of pages. */
export function pagesLine(
  { idstr, change, first, end, offset, length, address }: PagesDifference,
): string {
  const range = `${hex(offset)} to ${hex(offset + length - 1)}`;
  const place = address === undefined ? "" : `  at ${hex(address)}`;
  const pages = countOf(end - first, "page");
  return `${printable(idstr)}  ${change.padEnd(8)}  ${range}${place}  ${
    paint("dim", pages)
  }`;
}

/** Returns the name of a section of device state. */
export function sectionTitle(
  { idstr, instanceId }: FieldDifference | SectionDifference,
): string {
  return `${printable(idstr)} ${instanceId}`;
}

/** Returns the line of a section that differs as a whole. */
export function sectionLine({ a, b, offset }: SectionDifference): string {
  if (offset !== undefined) {
    const lengths = a === b
      ? `${formatBytes(a ?? 0)}`
      : arrow(formatBytes(a ?? 0), formatBytes(b ?? 0));
    return `${lengths}, other bytes from ${hex(offset)} on`;
  }
  return a === undefined ? "only in B" : "only in A";
}

/** Returns the line of a field that differs. */
export function fieldLine({ field, type, a, b }: FieldDifference): string {
  return `${printable(field)}  ${paint("dim", printable(type))}  ${
    valuesText(type, a, b)
  }`;
}

/** Bytes of a buffer that are printed from its first difference on. */
const BYTES_SHOWN = 8;

function valuesText(
  type: string,
  a: FieldValue | undefined,
  b: FieldValue | undefined,
): string {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    const at = a.findIndex((byte, index) => byte !== b[index]);
    const start = at < 0 ? Math.min(a.length, b.length) : at;
    if (start > 0 || Math.max(a.length, b.length) > BYTES_SHOWN) {
      const [one, other] = [a, b].map((it) => {
        const shown = it.subarray(start, start + BYTES_SHOWN);
        return hexText(shown) + (it.length > start + BYTES_SHOWN ? "…" : "");
      });
      return `at ${hex(start)}: ${arrow(one, other)}`;
    }
  }
  return arrow(valueText(type, a), valueText(type, b));
}

function valueText(type: string, value: FieldValue | undefined): string {
  if (value === undefined) return "none";
  if (isStruct(value)) return countOf(value.fields.length, "field");
  if (Array.isArray(value)) return countOf(value.length, "element");
  return textOf(value, type);
}

function arrow(one: string, other: string): string {
  return `${printable(one)} → ${printable(other)}`;
}
