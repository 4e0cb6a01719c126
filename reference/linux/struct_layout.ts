/** A field of a struct. */
export interface StructField {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Type of the integer. */
  readonly type: "u8" | "u16" | "u32" | "i32" | "u64" | "i64";
}

/** The layout of a struct of the kernel or the C library. */
export interface StructLayout {
  /** Bytes of the whole struct. */
  readonly size: number;
  /** Fields by name; of a union, only those that are used. */
  readonly fields: Readonly<Record<string, StructField>>;
}

/** Writes a 64-bit field that is not negative; avoids a bigint for speed. */
export function writeU64(
  view: DataView,
  offset: number,
  value: number,
): void {
  view.setUint32(offset, value, true);
  view.setUint32(offset + 4, Math.floor(value / 0x100000000), true);
}

/** Writes one field of the struct at `offset`. */
export function writeField(
  view: DataView,
  field: StructField,
  { offset = 0, value }: { readonly offset?: number; readonly value: number },
): void {
  const at = offset + field.offset;
  if (field.type === "u8") view.setUint8(at, value);
  else if (field.type === "u16") view.setUint16(at, value, true);
  else if (field.type === "u32" || field.type === "i32") {
    view.setUint32(at, value, true);
  } else if (value < 0) view.setBigInt64(at, BigInt(value), true);
  else writeU64(view, at, value);
}

/** Reads one field of the struct at `offset`. */
export function readField(
  view: DataView,
  field: StructField,
  offset = 0,
): number {
  const at = offset + field.offset;
  if (field.type === "u8") return view.getUint8(at);
  if (field.type === "u16") return view.getUint16(at, true);
  if (field.type === "u32") return view.getUint32(at, true);
  if (field.type === "i32") return view.getInt32(at, true);
  const high = field.type === "i64"
    ? view.getInt32(at + 4, true)
    : view.getUint32(at + 4, true);
  return high * 0x100000000 + view.getUint32(at, true);
}
