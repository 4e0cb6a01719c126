/** Bytes of the buffers that a body is read through. */
const BUFFER_LENGTH = 0x40000;
/** Most buffers kept for the next body. */
const SPARES_MAX = 8;

/**
 * Buffers for bodies, used again: new ones for each chunk of each body would
 * keep the garbage collector busy.
 */
export class BodyBuffers {
  readonly #spares: ArrayBuffer[] = [];

  /** A buffer that nobody uses. */
  take(): ArrayBuffer {
    return this.#spares.pop() ?? new ArrayBuffer(BUFFER_LENGTH);
  }

  /** Takes a buffer back. */
  give(buffer: ArrayBufferLike): void {
    const usable = buffer instanceof ArrayBuffer &&
      buffer.byteLength === BUFFER_LENGTH;
    if (usable && this.#spares.length < SPARES_MAX) this.#spares.push(buffer);
  }
}
