/**
 * What stands in the objects of a vmdesc, checked: nothing in them is to be
 * trusted.
 *
 * @module
 */

import { JsonObject, type JsonValue } from "./vmdesc_json.ts";

/** The description is none, or the bytes are not what it says. */
export class Mismatch extends Error {}

/** Whether a field of that type is entries, each behind a byte 1, and a byte 0. */
export function listOf(type: string): boolean {
  return type === "qtailq" || type === "qlist" || type === "gtree";
}

/** A be32 count of 0, and the byte that ends the entries. */
export function isEmptyTree(bytes: Uint8Array): boolean {
  return bytes.length === 5 && bytes.every((byte) => byte === 0);
}

/** A field's own structures: each starts anew with its name. */
export function groupsOf(description: JsonObject): JsonObject[] {
  const groups: [string, JsonValue][][] = [];
  for (const [key, value] of description.members) {
    if (key === "vmsd_name") groups.push([[key, value]]);
    else if (["version", "fields", "subsections"].includes(key)) {
      groups.at(-1)?.push([key, value]);
    }
  }
  return groups.map((members) => new JsonObject(members));
}

/** The objects of an array. */
export function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value)
    ? value.filter((it) => it instanceof JsonObject)
    : [];
}

/** A text, which must be one. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  throw new Mismatch();
}

/** A whole number from 0. */
export function numberOf(value: JsonValue | undefined): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) {
    return value as number;
  }
  throw new Mismatch();
}
