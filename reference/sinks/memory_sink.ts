import { GrowingBytes } from "../../format/bytes/mod.ts";
import type { ByteSink } from "./byte_sink.ts";

/** A sink in memory, for small snapshots and for tests. */
export interface MemorySink extends ByteSink {
  /** Returns a copy of the bytes written so far. */
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
  let written = new GrowingBytes();
  return {
    name: options.name ?? "memory",
    write(data: Uint8Array, offset: number): Promise<void> {
      written.extendTo(offset + data.length);
      written.buffer.set(data, offset);
      return Promise.resolve();
    },
    setLength(byteLength: number): Promise<void> {
      written.truncate(byteLength);
      written.extendTo(byteLength);
      return Promise.resolve();
    },
    flush: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    abort(): Promise<void> {
      written = new GrowingBytes();
      return Promise.resolve();
    },
    bytes: () => written.bytes.slice(),
  };
}
