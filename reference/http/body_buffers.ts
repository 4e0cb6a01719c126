/** Length in bytes of the buffers that a body is read through. */
const BUFFER_LENGTH = 0x40000;
/** Maximum number of unused buffers kept for the next body. */
const SPARES_MAX = 8;

/**
 * Pool of buffers for reading bodies. Allocating a new buffer for each chunk
 * would keep the garbage collector busy.
 */
export class BodyBuffers {
  readonly #spares: ArrayBuffer[] = [];

  /** Returns a buffer that is not in use. */
  take(): ArrayBuffer {
    return this.#spares.pop() ?? new ArrayBuffer(BUFFER_LENGTH);
  }

  /** Returns a buffer to the pool. */
  give(buffer: ArrayBufferLike): void {
    const usable = buffer instanceof ArrayBuffer &&
      buffer.byteLength === BUFFER_LENGTH;
    if (usable && this.#spares.length < SPARES_MAX) this.#spares.push(buffer);
  }
}
