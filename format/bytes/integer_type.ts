/** A big-endian integer in a device's state. */
export interface IntegerType {
  /** Its size in bytes: 1, 2, 4 or 8. */
  readonly size: number;
  /** Reads one; an integer of 8 bytes as a bigint. */
  readonly read: (view: DataView, offset: number) => number | bigint;
}

/** The types by QEMU's name, without the check that may follow it. */
const TYPES: Readonly<Record<string, IntegerType>> = {
  int8: { size: 1, read: (view, offset) => view.getInt8(offset) },
  uint8: { size: 1, read: (view, offset) => view.getUint8(offset) },
  int16: { size: 2, read: (view, offset) => view.getInt16(offset) },
  uint16: { size: 2, read: (view, offset) => view.getUint16(offset) },
  int32: { size: 4, read: (view, offset) => view.getInt32(offset) },
  uint32: { size: 4, read: (view, offset) => view.getUint32(offset) },
  int64: { size: 8, read: (view, offset) => view.getBigInt64(offset) },
  uint64: { size: 8, read: (view, offset) => view.getBigUint64(offset) },
};

/** A check that QEMU makes on load; it does not affect the bytes. */
const CHECK = / (?:equal|le)$/;

/**
 * Returns the integer with that QEMU name: "int32", "uint8 equal", "int32 le".
 */
export function integerType(type: string): IntegerType | undefined {
  const name = type.replace(CHECK, "");
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
}
