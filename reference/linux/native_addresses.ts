const addresses = new WeakMap<ArrayBufferLike, number>();

/** Records the address of bytes, so that `addressOf` works on parts of them. */
export function noteAddress(bytes: Uint8Array, address: number): void {
  addresses.set(bytes.buffer, address - bytes.byteOffset);
}

/** Returns the address of bytes; undefined if it was not recorded. */
export function addressOf(bytes: Uint8Array): number | undefined {
  const base = addresses.get(bytes.buffer);
  return base === undefined ? undefined : base + bytes.byteOffset;
}
