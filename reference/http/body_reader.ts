import type { BodyBuffers } from "./body_buffers.ts";

/** Reads a body chunk by chunk. */
export interface BodyReader {
  /** The next chunk, good until the next call; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Has a pending read, and all that come, give undefined. */
  cancel(): void;
  /** Drops what is left of the body. */
  close(): void;
}

/** A reader through buffers of ours, where the runtime and the body have such. */
export function readerOf(
  body: ReadableStream<Uint8Array>,
  buffers: BodyBuffers,
): BodyReader {
  try {
    return bufferReader(body.getReader({ mode: "byob" }), buffers);
  } catch {
    return plainReader(body.getReader()); // Bun, and some test doubles.
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
      // A body that was given up keeps the buffer for itself.
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

/** Not waited for: who made the body may take no notice. */
function closeReader(
  reader: ReadableStreamBYOBReader | ReadableStreamDefaultReader,
): void {
  cancelReader(reader);
  reader.releaseLock();
}
