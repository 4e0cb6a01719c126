import type { ByteSink } from "./byte_sink.ts";

/** A sink in memory, for small snapshots and for tests. */
export interface MemorySink extends ByteSink {
  /** Returns a copy of what was written so far. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/**
 * Creates a sink in memory. It grows to the highest position written.
 *
 * @example
 * ```ts
 * import { memorySink } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const sink = memorySink();
 * await sink.write(new Uint8Array([7]), 2);
 * assert.deepEqual([...sink.bytes()], [0, 0, 7]);
 * ```
 */
export function memorySink(
  options: { readonly name?: string } = {},
): MemorySink {
  let bytes = new Uint8Array(0);
  let length = 0;
  function grow(end: number): void {
    if (end > bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * bytes.length));
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    length = Math.max(length, end);
  }
  return {
    name: options.name ?? "memory",
    write(data: Uint8Array, offset: number): Promise<void> {
      grow(offset + data.length);
      bytes.set(data, offset);
      return Promise.resolve();
    },
    setLength(byteLength: number): Promise<void> {
      grow(byteLength);
      bytes.fill(0, byteLength, length);
      length = byteLength;
      return Promise.resolve();
    },
    flush: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    abort(): Promise<void> {
      bytes = new Uint8Array(0);
      length = 0;
      return Promise.resolve();
    },
    bytes: () => bytes.slice(0, length),
  };
}
