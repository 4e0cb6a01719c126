import { noteAddress } from "./native_addresses.ts";
import { NativeMemory } from "./native_memory.ts";

/** Bytes that are kept for later. */
const KEPT_MAX = 0x1000000;

/**
 * Buffers that calls can be made on. Each is mapped from when it is taken until
 * it is given back, whatever becomes of those it was taken for: who has one may
 * read into it.
 */
export class NativeBuffers implements Disposable {
  readonly #taken = new Map<Uint8Array, NativeMemory>();
  readonly #kept = new Map<
    number,
    { memory: NativeMemory; bytes: Uint8Array }[]
  >();
  #keptBytes = 0;
  #isDisposed = false;

  /** A buffer; what is in it is anything. */
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

  /** Takes one back; whoever was reading into it has ended. */
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

  /** Unmaps those that nobody has; the others when they are given back. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const kept of this.#kept.values()) {
      for (const { memory } of kept) memory.unmap();
    }
    this.#kept.clear();
  }
}
