const addresses = new WeakMap<ArrayBufferLike, number>();

/** Notes where bytes are, so that calls can be made on parts of them. */
export function noteAddress(bytes: Uint8Array, address: number): void {
  addresses.set(bytes.buffer, address - bytes.byteOffset);
}

/** Where bytes are; undefined for those of which it was not noted. */
export function addressOf(bytes: Uint8Array): number | undefined {
  const base = addresses.get(bytes.buffer);
  return base === undefined ? undefined : base + bytes.byteOffset;
}
