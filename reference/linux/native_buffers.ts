import { noteAddress } from "./native_addresses.ts";
import { NativeMemory } from "./native_memory.ts";

/** Maximum bytes of free buffers kept for reuse. */
const KEPT_MAX = 0x1000000;

/**
 * A pool of buffers with fixed addresses, for system calls. A buffer stays
 * mapped from `take` to `give`, even if the pool is disposed in between, so
 * that a read into it can complete.
 */
export class NativeBuffers implements Disposable {
  readonly #taken = new Map<Uint8Array, NativeMemory>();
  readonly #kept = new Map<
    number,
    { memory: NativeMemory; bytes: Uint8Array }[]
  >();
  #keptBytes = 0;
  #isDisposed = false;

  /** Returns a buffer with unspecified contents. */
  take(byteLength: number): Uint8Array {
    const kept = this.#kept.get(byteLength)?.pop();
    if (kept !== undefined) {
      this.#keptBytes -= byteLength;
      this.#taken.set(kept.bytes, kept.memory);
      return kept.bytes;
    }
    const memory = new NativeMemory(byteLength);
    const bytes = memory.bytes(0, byteLength);
    noteAddress(bytes, memory.address);
    this.#taken.set(bytes, memory);
    return bytes;
  }

  /** Takes back a buffer; all reads into it must have ended. */
  give(bytes: Uint8Array): void {
    const memory = this.#taken.get(bytes);
    if (memory === undefined) return;
    this.#taken.delete(bytes);
    if (this.#isDisposed || this.#keptBytes + bytes.length > KEPT_MAX) {
      return memory.unmap();
    }
    this.#keptBytes += bytes.length;
    const kept = this.#kept.get(bytes.length);
    if (kept === undefined) this.#kept.set(bytes.length, [{ memory, bytes }]);
    else kept.push({ memory, bytes });
  }

  /** Unmaps the free buffers now, and the others when they are given back. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const kept of this.#kept.values()) {
      for (const { memory } of kept) memory.unmap();
    }
    this.#kept.clear();
  }
}
