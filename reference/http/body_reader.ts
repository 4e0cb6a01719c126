import type { BodyBuffers } from "./body_buffers.ts";

/** Reads a body chunk by chunk. */
export interface BodyReader {
  /** Returns the next chunk, valid until the next call; undefined at end. */
  read(): Promise<Uint8Array | undefined>;
  /** Makes a pending read and all later reads return undefined. */
  cancel(): void;
  /** Discards the rest of the body. */
  close(): void;
}

/**
 * Returns a reader that reads into pooled buffers, if the runtime and the body
 * support that.
 */
export function readerOf(
  body: ReadableStream<Uint8Array>,
  buffers: BodyBuffers,
): BodyReader {
  try {
    return bufferReader(body.getReader({ mode: "byob" }), buffers);
  } catch {
    return plainReader(body.getReader()); // Bun, and some test doubles
  }
}

function bufferReader(
  reader: ReadableStreamBYOBReader,
  buffers: BodyBuffers,
): BodyReader {
  let buffer = buffers.take();
  return {
    async read() {
      const { done, value }: ReadableStreamReadResult<Uint8Array<ArrayBuffer>> =
        await reader.read(new Uint8Array(buffer));
      // A cancelled body does not give the buffer back.
      if (value !== undefined) buffer = value.buffer;
      return done ? undefined : value;
    },
    cancel: () => cancelReader(reader),
    close() {
      buffers.give(buffer);
      closeReader(reader);
    },
  };
}

function plainReader(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): BodyReader {
  return {
    async read() {
      return (await reader.read()).value;
    },
    cancel: () => cancelReader(reader),
    close: () => closeReader(reader),
  };
}

function cancelReader(
  reader: ReadableStreamBYOBReader | ReadableStreamDefaultReader,
): void {
  reader.cancel().catch(() => {});
}

/** Does not wait for the cancellation: the body's producer may ignore it. */
function closeReader(
  reader: ReadableStreamBYOBReader | ReadableStreamDefaultReader,
): void {
  cancelReader(reader);
  reader.releaseLock();
}
