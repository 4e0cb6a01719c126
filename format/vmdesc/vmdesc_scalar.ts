import { integerType } from "../bytes/integer_type.ts";
import type { FieldValue } from "./device_fields.ts";
import type { FieldCursor } from "./vmdesc_cursor.ts";

/**
 * The byte that QEMU writes for a NULL pointer in an array, the character 0.
 */
const NULL_POINTER = 0x30;
const TIMER_NOT_SET = 2n ** 64n - 1n;

/** Reads fields of one type and size that are not structures. */
export interface ScalarReader {
  /** Reads one. */
  read(cursor: FieldCursor): FieldValue;
  /** Optional. Reads `count` of them, if that is faster than one by one. */
  readMany?(cursor: FieldCursor, count: number): FieldValue[];
}

/**
 * Makes a reader of fields of `size` bytes and a type by its QEMU name. A value
 * that does not match the type is returned as its bytes.
 */
export function scalarReader(type: string, size: number): ScalarReader {
  const integer = integerType(type);
  if (integer?.size === size) {
    return {
      read: (cursor) => cursor.integer(integer),
      readMany: (cursor, count) => cursor.integers(count, integer),
    };
  }
  switch (`${type} of ${size}`) {
    case "bool of 1":
      return { read: (cursor) => cursor.u8() !== 0 };
    case "timer of 8":
      return { read: readTimer };
  }
  return { read: (cursor) => pieceOf(type, cursor.bytes(size)) };
}

function readTimer(cursor: FieldCursor): bigint | null {
  const value = cursor.be64();
  return value === TIMER_NOT_SET ? null : value;
}

function pieceOf(type: string, bytes: Uint8Array): FieldValue {
  switch (type) {
    case "nullptr":
      return bytes.length === 1 && bytes[0] === NULL_POINTER ? null : bytes;
    case "capability":
      return bytes.length > 0 && bytes[0] === bytes.length - 1
        ? String.fromCharCode(...bytes.subarray(1))
        : bytes;
  }
  return bytes;
}
