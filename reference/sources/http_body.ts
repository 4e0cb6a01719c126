import type { BodyBuffers } from "./body_buffers.ts";
import type { HttpClient } from "./http_client.ts";

/**
 * Hands each chunk of a body to `take`, which must be done with it when it
 * returns. What is left of the body is dropped when `take` throws.
 */
export async function readChunks(
  response: Response,
  buffers: BodyBuffers,
  take: (chunk: Uint8Array) => void,
): Promise<void> {
  const { body } = response;
  if (body === null) return;
  const reader = byteReader(body);
  if (reader === undefined) return await readPlainChunks(body, take);
  let buffer = buffers.take();
  try {
    for (;;) {
      const view = new Uint8Array(buffer);
      const { done, value }: ReadableStreamReadResult<Uint8Array<ArrayBuffer>> =
        await reader.read(view);
      // A body that was given up keeps the buffer for itself.
      if (value !== undefined) buffer = value.buffer;
      if (done) return;
      take(value);
    }
  } finally {
    buffers.give(buffer);
    await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

/** A reader into buffers of ours; Bun and some test doubles have none. */
function byteReader(
  body: ReadableStream<Uint8Array>,
): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

async function readPlainChunks(
  body: ReadableStream<Uint8Array>,
  take: (chunk: Uint8Array) => void,
): Promise<void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      take(value);
    }
  } finally {
    await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

/** Fills the whole of `target` with the body. */
export async function readBody(
  client: HttpClient,
  response: Response,
  target: Uint8Array,
  alive: () => void,
): Promise<void> {
  let done = 0;
  await readChunks(response, client.buffers, (chunk) => {
    alive();
    if (done + chunk.length > target.length) {
      throw client.passing(
        `the server sent more than the ${target.length} bytes it announced`,
      );
    }
    target.set(chunk, done);
    done += chunk.length;
  });
  if (done < target.length) {
    throw client.passing(
      `the connection ended after ${done} of ${target.length} bytes`,
    );
  }
}
