/**
 * What stands in the objects of a vmdesc, checked: nothing in them is to be
 * trusted.
 *
 * @module
 */

import type { FieldValue } from "./device_fields.ts";
import type { FieldCursor } from "./vmdesc_cursor.ts";
import { JsonObject, type JsonValue } from "./vmdesc_json.ts";
import { type ScalarReader, scalarReader } from "./vmdesc_scalar.ts";

/** The description is none, or the bytes are not what it says. */
export class Mismatch extends Error {}

/**
 * A field as it is described, looked up once: an array may have many of them.
 *
 * @throws {Mismatch} if it has no name, type or size
 */
export class DescribedField {
  readonly name: string;
  /** QEMU's word for what it is. */
  readonly type: string;
  /** Bytes of it, or of each of its elements. */
  readonly size: number;
  /** How many elements it has; undefined if it is no array, or a part of one. */
  readonly count: number | undefined;
  /** Whether it is an element of an array. */
  readonly isIndexed: boolean;
  /** The structure that it is, if it is one. */
  readonly struct: JsonObject | undefined;
  /** The structures that stand in its own description. */
  readonly groups: readonly JsonObject[];
  /** Reads it, or an element of it, if it is of no structure. */
  readonly reader: ScalarReader | undefined;

  /** By the object that describes it. */
  constructor(description: JsonObject) {
    this.name = textOf(description.get("name"));
    this.type = textOf(description.get("type"));
    this.size = numberOf(description.get("size"));
    const count = description.get("array_len");
    this.count = count === undefined ? undefined : numberOf(count);
    this.isIndexed = description.get("index") !== undefined;
    const struct = description.get("struct");
    this.struct = struct instanceof JsonObject ? struct : undefined;
    this.groups = groupsOf(description);
    if (this.struct !== undefined || this.groups.length > 0) return;
    this.reader = listOf(this.type)
      ? emptyListReader(this.size)
      : scalarReader(this.type, this.size);
  }
}

/** Where the value of a field goes, which several fields may share. */
export interface FieldSlot {
  /** Its place among the values of the structure. */
  readonly index: number;
  /** Whether it is a list, to which each field of it adds. */
  readonly isArray: boolean;
}

/**
 * A structure as it is described, looked up once: an array may have many of them.
 * Fields of one name are one value, however QEMU split the array.
 *
 * @throws {Mismatch} if it or one of its fields has no name
 */
export class DescribedStruct {
  readonly name: string;
  readonly version: number;
  /** Its fields, in order. */
  readonly fields: readonly {
    readonly field: DescribedField;
    readonly slot: FieldSlot;
  }[];
  /** The descriptions of its subsections. */
  readonly subsections: readonly JsonObject[];

  /** By the object that describes it. */
  constructor(description: JsonObject) {
    this.name = textOf(description.get("vmsd_name") ?? description.get("name"));
    this.version = numberOf(description.get("version") ?? 0);
    this.subsections = objectsOf(description.get("subsections"));
    const slots = new Map<string, { index: number; isArray: boolean }>();
    this.fields = objectsOf(description.get("fields")).map((it) => {
      const field = new DescribedField(it);
      const isArray = field.isIndexed || field.count !== undefined;
      let slot = slots.get(field.name);
      if (slot === undefined) {
        slot = { index: slots.size, isArray };
        slots.set(field.name, slot);
      } else slot.isArray = true;
      return { field, slot };
    });
  }
}

/** A list whose entries are not described has none, or is bytes. */
function emptyListReader(size: number): ScalarReader {
  return {
    read(cursor: FieldCursor): FieldValue {
      const bytes = cursor.bytes(size);
      return isEmptyList(bytes) || isEmptyTree(bytes) ? [] : bytes;
    },
  };
}

/** The byte that ends the entries, and no entry. */
function isEmptyList(bytes: Uint8Array): boolean {
  return bytes.length === 1 && bytes[0] === 0;
}

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
