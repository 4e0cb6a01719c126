import { type ByteStore, memorySource } from "../../mod.ts";

/** Makes a store of bytes in memory. */
export function memoryStore(bytes: Uint8Array): ByteStore {
  return Object.assign(memorySource(bytes), {
    write: (part: Uint8Array, offset: number) =>
      Promise.resolve(bytes.set(part, offset)),
    flush: () => Promise.resolve(),
  });
}
