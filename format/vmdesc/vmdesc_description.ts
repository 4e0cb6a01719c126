/**
 * Checked descriptions from the objects of a vmdesc, which must not be trusted.
 *
 * @module
 */

import type { FieldValue } from "./device_fields.ts";
import type { FieldCursor } from "./vmdesc_cursor.ts";
import { JsonObject, type JsonValue } from "./vmdesc_json.ts";
import { type ScalarReader, scalarReader } from "./vmdesc_scalar.ts";

/** Thrown if a description is not valid, or the bytes do not match it. */
export class Mismatch extends Error {}

/**
 * The description of a field, decoded once: an array may have many elements.
 *
 * @throws {Mismatch} if it has no valid name, type or size
 */
export class DescribedField {
  readonly name: string;
  /** QEMU's name of its type. */
  readonly type: string;
  /** Size in bytes of the field, or of each of its elements. */
  readonly size: number;
  /**
   * Number of elements; undefined if it is not an array, or is an element of
   * one.
   */
  readonly count: number | undefined;
  /** Whether it is an element of an array. */
  readonly isIndexed: boolean;
  /** The description of its structure, if it is a structure. */
  readonly struct: JsonObject | undefined;
  /** The structures described by members of the field itself. */
  readonly groups: readonly JsonObject[];
  /** Reads it, or an element of it, if it has no structure. */
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

/** The place of a value, which several fields may share. */
export interface FieldSlot {
  /** Its index among the values of the structure. */
  readonly index: number;
  /** Whether it is a list, which each of its fields extends. */
  readonly isArray: boolean;
}

/**
 * The description of a structure, decoded once: an array may have many of them.
 * Fields of the same name are one value, however QEMU split the array.
 *
 * @throws {Mismatch} if it or one of its fields has no valid name
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

/**
 * Makes a reader of a list without described entries: it is empty, or its
 * bytes.
 */
function emptyListReader(size: number): ScalarReader {
  return {
    read(cursor: FieldCursor): FieldValue {
      const bytes = cursor.bytes(size);
      return isEmptyList(bytes) || isEmptyTree(bytes) ? [] : bytes;
    },
  };
}

/** Whether the bytes are a list without entries: only the byte that ends it. */
function isEmptyList(bytes: Uint8Array): boolean {
  return bytes.length === 1 && bytes[0] === 0;
}

/** Whether a type is a list: entries, each after a byte 1, then a byte 0. */
export function listOf(type: string): boolean {
  return type === "qtailq" || type === "qlist" || type === "gtree";
}

/**
 * Whether the bytes are a tree without entries: a be32 count of 0, then a byte
 * 0.
 */
export function isEmptyTree(bytes: Uint8Array): boolean {
  return bytes.length === 5 && bytes.every((byte) => byte === 0);
}

/**
 * Returns the structures described by the members of a field; each starts with
 * `vmsd_name`.
 */
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

/** Returns the objects in an array. */
export function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value)
    ? value.filter((it) => it instanceof JsonObject)
    : [];
}

/** Returns a value that must be a string. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  throw new Mismatch();
}

/** Returns a value that must be a whole number, 0 or more. */
export function numberOf(value: JsonValue | undefined): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) {
    return value as number;
  }
  throw new Mismatch();
}
