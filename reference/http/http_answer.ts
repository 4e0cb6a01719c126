import type { BodyBuffers } from "./body_buffers.ts";
import { readerOf } from "./body_reader.ts";
import { PassingFailure } from "./request_failure.ts";

/** Takes bytes of a body, and is done with them when it resolves. */
export type TakeChunk = (
  chunk: Uint8Array,
  position: number,
) => Promise<void> | void;

/** Is told who is waited for: the server, or whoever takes what it sent. */
export interface AnswerWatch {
  /** From here on the server is waited for. */
  waiting(): void;
  /** The server has sent something, or ended. */
  heard(): void;
}

/** The answer to a request. Its body can be read once. */
export class HttpAnswer {
  /** Status and headers. */
  readonly response: Response;
  readonly #buffers: BodyBuffers;
  readonly #watch: AnswerWatch;

  /** Its body is read through `buffers`. */
  constructor(
    response: Response,
    options: { readonly buffers: BodyBuffers; readonly watch: AnswerWatch },
  ) {
    this.response = response;
    this.#buffers = options.buffers;
    this.#watch = options.watch;
  }

  /**
   * Hands each chunk of the body to `take`. What is left of the body is dropped
   * when that fails.
   */
  async readChunks(take: TakeChunk): Promise<void> {
    const { body } = this.response;
    if (body === null) return;
    const reader = readerOf(body, this.#buffers);
    try {
      for (let position = 0;;) {
        this.#watch.waiting();
        const chunk = await reader.read();
        this.#watch.heard();
        if (chunk === undefined) return;
        await take(chunk, position);
        position += chunk.length;
      }
    } finally {
      await reader.close();
    }
  }

  /** As `readChunks`, of a body that has `length` bytes, no more and no less. */
  async readBody(length: number, take: TakeChunk): Promise<void> {
    let done = 0;
    await this.readChunks(async (chunk, position) => {
      done = position + chunk.length;
      if (done > length) {
        throw new PassingFailure(
          `the server sent more than the ${length} bytes it announced`,
        );
      }
      await take(chunk, position);
    });
    if (done < length) {
      throw new PassingFailure(
        `the connection ended after ${done} of ${length} bytes`,
      );
    }
  }

  /** Drops the body. */
  async cancel(): Promise<void> {
    await this.response.body?.cancel();
  }
}
