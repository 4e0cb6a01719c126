import type { BodyBuffers } from "./body_buffers.ts";
import { readerOf } from "./body_reader.ts";
import { PassingFailure } from "./request_failure.ts";

/**
 * Receives bytes of a body. The buffer is reused once the call has returned and
 * its promise has resolved.
 */
export type TakeChunk = (
  chunk: Uint8Array,
  position: number,
) => Promise<void> | void;

/** The wanted part of a body. */
export interface BodyPart {
  /** Number of bytes before it. */
  readonly skip: number;
  /** Its length in bytes. */
  readonly length: number;
  /** Exact length of the body in bytes. */
  readonly bodyLength: number;
}

/** Maximum unwanted bytes at the end that are read to keep the connection. */
const REST_MAX = 0x10000;

/** Tracks whether the reader is waiting for the server or for the consumer. */
export interface AnswerWatch {
  /** Called when waiting for the server starts. */
  waiting(): void;
  /** Called when the server has sent data or ended the body. */
  heard(): void;
}

/** A response whose body can be read once. */
export class HttpAnswer {
  /** Status and headers. */
  readonly response: Response;
  readonly #buffers: BodyBuffers;
  readonly #watch: AnswerWatch;
  readonly #signal: AbortSignal;

  /** Reads the body through `buffers` until the signal is aborted. */
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

  /** Passes a part of the body to `take`, with positions within the part. */
  async readPart(part: BodyPart, take: TakeChunk): Promise<void> {
    const { skip, length, bodyLength } = part;
    const end = skip + length;
    let done = 0;
    const reachedEnd = await this.readWhile(async (chunk, position) => {
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
    if (reachedEnd && done < bodyLength) {
      throw new PassingFailure(
        `the connection ended after ${done} of ${bodyLength} bytes`,
      );
    }
  }

  /**
   * Passes the chunks of the body to `visit` as long as it returns true, then
   * discards the rest. Returns whether the body was read to its end.
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

  /** Discards the body. */
  cancel(): void {
    this.response.body?.cancel().catch(() => {});
  }
}
