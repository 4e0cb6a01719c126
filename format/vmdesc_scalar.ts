import type { FieldValue } from "./vmdesc_fields.ts";

/** An integer: "int32", "uint8 equal", "int32 le" (which means: at most). */
const INTEGER = /^(u?)int(8|16|32|64)(?: equal| le)?$/;
/** What a NULL pointer in an array is written as, the character 0. */
const NULL_POINTER = 0x30;
const TIMER_NOT_SET = 2n ** 64n - 1n;

/** The value of a field without fields of its own, by QEMU's word for its type. */
export function scalarOf(type: string, bytes: Uint8Array): FieldValue {
  const integer = INTEGER.exec(type);
  if (integer !== null && bytes.length * 8 === Number(integer[2])) {
    return integerOf(bytes, integer[1] === "");
  }
  switch (type) {
    case "bool":
      return bytes.length === 1 ? bytes[0] !== 0 : bytes;
    case "timer": {
      if (bytes.length !== 8) return bytes;
      const value = integerOf(bytes, false);
      return value === TIMER_NOT_SET ? null : value;
    }
    case "nullptr":
      return bytes.length === 1 && bytes[0] === NULL_POINTER ? null : bytes;
    case "capability":
      return bytes.length > 0 && bytes[0] === bytes.length - 1
        ? String.fromCharCode(...bytes.subarray(1))
        : bytes;
  }
  return bytes;
}

function integerOf(bytes: Uint8Array, isSigned: boolean): number | bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (bytes.length) {
    case 1:
      return isSigned ? view.getInt8(0) : view.getUint8(0);
    case 2:
      return isSigned ? view.getInt16(0) : view.getUint16(0);
    case 4:
      return isSigned ? view.getInt32(0) : view.getUint32(0);
    default:
      return isSigned ? view.getBigInt64(0) : view.getBigUint64(0);
  }
}
