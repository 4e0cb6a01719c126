import type { Random } from "./unruly_source.ts";

/** A pending response. */
interface UnrulyAnswer {
  /** Advances the response by one step. */
  step(): void;
}

const ENCODER = new TextEncoder();

/**
 * A server as a `fetch` function. Its responses arrive in pieces, interleaved
 * in a random order; some break off, and some are refused temporarily. A range
 * is answered exactly, by its first part, or by more than was asked for.
 * Several ranges are answered as multipart/byteranges or refused.
 */
export class UnrulyFetch {
  /** One in this many steps fails; 0 for none. */
  failing: number;
  readonly #bytes: Uint8Array;
  readonly #random: Random;
  readonly #answers = new Set<UnrulyAnswer>();

  /** Serves bytes, which are not copied. */
  constructor(
    bytes: Uint8Array,
    random: Random,
    options: { readonly failing?: number } = {},
  ) {
    this.#bytes = bytes;
    this.#random = random;
    this.failing = options.failing ?? 20;
  }

  /** Number of pending responses. */
  get underWay(): number {
    return this.#answers.size;
  }

  /** Advances a random pending response by one step. */
  step(): void {
    const answers = [...this.#answers];
    answers[this.#random(answers.length)]?.step();
  }

  /** Answers a request when its step comes. */
  readonly fetch = (request: Request): Promise<Response> => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const { signal } = request;
    const answer = {
      step: () => {
        this.#answers.delete(answer);
        if (signal.aborted) return;
        if (this.#fails()) resolve(new Response(null, { status: 503 }));
        else resolve(this.#answer(request));
      },
    };
    this.#answers.add(answer);
    signal.addEventListener("abort", () => {
      this.#answers.delete(answer);
      reject(signal.reason);
    });
    return promise;
  };

  #answer({ headers, signal }: Request): Response {
    const { length: size } = this.#bytes;
    const specs = headers.get("range")?.replace("bytes=", "").split(",") ?? [];
    const ranges = specs.map((spec) => {
      const [first, last] = spec.split("-").map(Number);
      return { first, last: Math.min(last, size - 1) };
    });
    if (ranges.length === 1) {
      const { first, last } = this.#alike(ranges[0]);
      const range = `bytes ${first}-${last}/${size}`;
      return new Response(
        this.#body(this.#bytes.subarray(first, last + 1), signal),
        { status: 206, headers: { "content-range": range, etag: '"1"' } },
      );
    }
    if (this.#random(4) === 0) return new Response(null, { status: 416 });
    const pieces = ranges.flatMap(({ first, last }) => [
      ENCODER.encode(
        `\r\n--b1\r\nContent-Range: bytes ${first}-${last}/${size}\r\n\r\n`,
      ),
      this.#bytes.subarray(first, last + 1),
    ]);
    const body = [...pieces, ENCODER.encode("\r\n--b1--\r\n")]
      .flatMap((it) => [...it]);
    return new Response(this.#body(new Uint8Array(body), signal), {
      status: 206,
      headers: {
        "content-type": "multipart/byteranges; boundary=b1",
        etag: '"1"',
      },
    });
  }

  /** Returns the range, its first part, or a larger range around it. */
  #alike(
    range: { readonly first: number; readonly last: number },
  ): { readonly first: number; readonly last: number } {
    const { first, last } = range;
    const kind = this.#random(4);
    if (kind === 0) {
      const part = this.#random(last - first + 1);
      return { first, last: Math.min(last, first + 512 + part) };
    }
    if (kind > 1) return range;
    const end = this.#bytes.length - 1;
    return {
      first: Math.max(0, first - this.#random(5000)),
      last: Math.min(end, last + this.#random(5000)),
    };
  }

  #body(bytes: Uint8Array, signal: AbortSignal): ReadableStream<Uint8Array> {
    let done = 0;
    let answer: UnrulyAnswer | undefined;
    const end = () => answer !== undefined && this.#answers.delete(answer);
    return new ReadableStream({
      start: (controller) => {
        answer = {
          step: () => {
            if (this.#fails()) {
              end();
              return controller.error(new TypeError("connection reset"));
            }
            const stop = Math.min(
              bytes.length,
              done + 1 + this.#random(bytes.length),
            );
            controller.enqueue(bytes.slice(done, stop));
            done = stop;
            if (done < bytes.length) return;
            end();
            controller.close();
          },
        };
        this.#answers.add(answer);
        signal.addEventListener("abort", () => {
          if (end()) controller.error(signal.reason);
        });
      },
      cancel: () => void end(),
    });
  }

  #fails(): boolean {
    return this.failing > 0 && this.#random(this.failing) === 0;
  }
}
