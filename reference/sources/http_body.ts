import type { HttpClient } from "./http_client.ts";

/** Fills the whole of `target` with the body. */
export async function readBody(
  client: HttpClient,
  response: Response,
  target: Uint8Array,
  alive: () => void,
): Promise<void> {
  let done = 0;
  for await (const chunk of chunks(response)) {
    alive();
    if (done + chunk.length > target.length) {
      throw client.passing(
        `the server sent more than the ${target.length} bytes it announced`,
      );
    }
    target.set(chunk, done);
    done += chunk.length;
  }
  if (done < target.length) {
    throw client.passing(
      `the connection ended after ${done} of ${target.length} bytes`,
    );
  }
}

/** The whole body, which must fit into `buffer`: a view of it. */
export async function readAll(
  client: HttpClient,
  response: Response,
  buffer: Uint8Array,
  alive: () => void,
): Promise<Uint8Array> {
  let length = 0;
  for await (const chunk of chunks(response)) {
    alive();
    if (length + chunk.length > buffer.length) {
      throw client.passing(`the server sent more than ${buffer.length} bytes`);
    }
    buffer.set(chunk, length);
    length += chunk.length;
  }
  return buffer.subarray(0, length);
}

/** The chunks of a body; what is left of it is dropped when the caller stops. */
async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}
