import type { BodyBuffers } from "./body_buffers.ts";
import { readerOf } from "./body_reader.ts";
import { PassingFailure } from "./request_failure.ts";

/** Takes bytes of a body, and is done with them when it resolves. */
export type TakeChunk = (
  chunk: Uint8Array,
  position: number,
) => Promise<void> | void;

/** What is wanted of a body. */
export interface BodyPart {
  /** Bytes before it. */
  readonly skip: number;
  /** Bytes of it. */
  readonly length: number;
  /** Bytes that the body has, no more and no less. */
  readonly bodyLength: number;
}

/** Bytes after what is wanted that are read rather than the connection given up. */
const REST_MAX = 0x10000;

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
  readonly #signal: AbortSignal;

  /** Its body is read through `buffers`, until the signal is aborted. */
  constructor(
    response: Response,
    options: {
      readonly buffers: BodyBuffers;
      readonly watch: AnswerWatch;
      readonly signal: AbortSignal;
    },
  ) {
    this.response = response;
    this.#buffers = options.buffers;
    this.#watch = options.watch;
    this.#signal = options.signal;
  }

  /** Hands a part of a body to `take`, positions being those in the part. */
  async readPart(part: BodyPart, take: TakeChunk): Promise<void> {
    const { skip, length, bodyLength } = part;
    const end = skip + length;
    let done = 0;
    const isWhole = await this.readWhile(async (chunk, position) => {
      done = position + chunk.length;
      if (done > bodyLength) {
        throw new PassingFailure(
          `the server sent more than the ${bodyLength} bytes it announced`,
        );
      }
      const start = Math.max(0, skip - position);
      const wanted = chunk.subarray(start, Math.max(start, end - position));
      if (wanted.length > 0) await take(wanted, position + start - skip);
      return done < end || bodyLength - end <= REST_MAX;
    });
    if (isWhole && done < bodyLength) {
      throw new PassingFailure(
        `the connection ended after ${done} of ${bodyLength} bytes`,
      );
    }
  }

  /**
   * Hands the chunks of the body to `visit`, as long as that gives true. What is
   * left of the body then is dropped. Returns whether nothing was left.
   */
  async readWhile(
    visit: (chunk: Uint8Array, position: number) => Promise<boolean>,
  ): Promise<boolean> {
    const { body } = this.response;
    if (body === null) return true;
    const reader = readerOf(body, this.#buffers);
    const signal = this.#signal;
    const cancel = () => reader.cancel();
    signal.addEventListener("abort", cancel);
    try {
      for (let position = 0;;) {
        this.#watch.waiting();
        const chunk = await reader.read();
        signal.throwIfAborted();
        this.#watch.heard();
        if (chunk === undefined) return true;
        if (!await visit(chunk, position)) return false;
        position += chunk.length;
      }
    } finally {
      signal.removeEventListener("abort", cancel);
      reader.close();
    }
  }

  /** Drops the body. */
  cancel(): void {
    this.response.body?.cancel().catch(() => {});
  }
}
