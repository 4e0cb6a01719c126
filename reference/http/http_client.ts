import { type ByteRange, hex, rangeEnd } from "../../format/mod.ts";
import { SourceError } from "../sources/source_error.ts";
import { BodyBuffers } from "./body_buffers.ts";
import { HttpAnswer } from "./http_answer.ts";
import { rangeHeader } from "./http_range_response.ts";
import { PassingFailure, TakerFailure } from "./request_failure.ts";

/** How to talk to a server. */
export interface HttpOptions {
  /** Headers of every request, for example `authorization`. */
  readonly headers?: HeadersInit | undefined;
  /** Is called for every request: to sign, to count, to test. Default: `fetch`. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** How often a request that failed in passing is made again. Default: 4. */
  readonly retries?: number | undefined;
  /** Wait before the first retry in milliseconds; it doubles. Default: 200. */
  readonly retryDelay?: number | undefined;
  /** Longest silence of the server in milliseconds. Default: 30,000. */
  readonly timeout?: number | undefined;
}

/** The longest that a Retry-After is heeded, in milliseconds. */
const RETRY_AFTER_MAX = 60_000;

/** What is done with an answer. */
export type Consume<T> = (answer: HttpAnswer) => Promise<T>;

/**
 * Asks one URL for ranges: retries what is passing, gives up on the rest, and
 * never lets credentials into a message.
 */
export class HttpClient {
  /** The URL without user, password, query values and fragment. */
  readonly name: string;
  /** Requests made so far, retries included. */
  requests = 0;
  readonly #buffers = new BodyBuffers();
  readonly #url: string;
  readonly #headers: Headers;
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #retries: number;
  readonly #retryDelay: number;
  readonly #timeout: number;

  /** For requests of `url`. */
  constructor(url: string | URL, options: HttpOptions) {
    const parsed = new URL(url);
    this.#headers = new Headers(options.headers);
    // A server must not compress: ranges are of the file as it is.
    this.#headers.set("accept-encoding", "identity");
    if (parsed.username !== "" || parsed.password !== "") {
      const user = decodeURIComponent(parsed.username);
      const password = decodeURIComponent(parsed.password);
      this.#headers.set(
        "authorization",
        `Basic ${btoa(`${user}:${password}`)}`,
      );
      parsed.username = "";
      parsed.password = "";
    }
    this.#url = parsed.href;
    this.name = `${parsed.origin}${parsed.pathname}${parsed.search && "?…"}`;
    this.#fetch = options.fetch ?? ((request) => fetch(request));
    this.#retries = options.retries ?? 4;
    this.#retryDelay = options.retryDelay ?? 200;
    this.#timeout = options.timeout ?? 30_000;
  }

  /** Asks for `ranges`; `consume` gets each answer and may be called again. */
  async get<T>(
    ranges: readonly ByteRange[],
    consume: Consume<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    for (let attempt = 0;; attempt++) {
      signal?.throwIfAborted();
      try {
        return await this.#attempt(ranges, consume, signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof TakerFailure) throw error.cause;
        if (!(error instanceof PassingFailure)) throw error;
        if (attempt >= this.#retries) {
          const tries = attempt === 0 ? "" : ` (${attempt + 1} tries)`;
          throw this.error(ranges, `${error.message}${tries}`, error.cause);
        }
        const backoff = this.#retryDelay * 2 ** attempt;
        await wait(
          Math.max(error.retryAfter ?? 0, backoff * (0.5 + Math.random() / 2)),
          signal,
        );
      }
    }
  }

  /** The error that says what went wrong with a request for `ranges`. */
  error(
    ranges: readonly ByteRange[],
    reason: string,
    cause?: unknown,
  ): SourceError {
    const [range] = ranges;
    const where = range === undefined
      ? ""
      : ` bytes ${hex(range.offset)} to ${hex(rangeEnd(range))} of`;
    return new SourceError(
      this.name,
      `Cannot read${where} ${JSON.stringify(this.name)}: ${reason}`,
      { cause, ...(range === undefined ? {} : { range }) },
    );
  }

  async #attempt<T>(
    ranges: readonly ByteRange[],
    consume: Consume<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const controller = new AbortController();
    const giveUp = () => controller.abort(signal?.reason);
    let timedOut = false;
    const silence = () => {
      timedOut = true;
      controller.abort();
    };
    // A timer for each chunk would cost more than the chunk.
    let waitingSince = performance.now();
    const watch = {
      waiting: () => waitingSince = performance.now(),
      heard: () => waitingSince = Infinity,
    };
    const listen = () => {
      const left = waitingSince + this.#timeout - performance.now();
      if (left <= 0) silence();
      else timer = setTimeout(listen, Math.min(left, this.#timeout));
    };
    let timer = setTimeout(listen, this.#timeout);
    signal?.addEventListener("abort", giveUp);
    try {
      const headers = new Headers(this.#headers);
      headers.set("range", rangeHeader(ranges));
      this.requests++;
      const response = await this.#fetch(
        new Request(this.#url, {
          headers,
          signal: controller.signal,
          cache: "no-store",
        }),
      );
      try {
        this.#checkPassing(response);
        const buffers = this.#buffers;
        return await consume(new HttpAnswer(response, { buffers, watch }));
      } catch (error) {
        await response.body?.cancel().catch(() => {});
        throw error;
      }
    } catch (error) {
      if (timedOut) {
        throw new PassingFailure(`no answer for ${this.#timeout} ms`);
      }
      const known = error instanceof SourceError ||
        error instanceof PassingFailure || error instanceof TakerFailure;
      throw known ? error : new PassingFailure(this.#redact(error));
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #checkPassing(response: Response): void {
    const { status } = response;
    if (status < 500 && status !== 429 && status !== 408) return;
    const retryAfter = parseRetryAfter(response.headers.get("retry-after"));
    throw new PassingFailure(
      `the server answered ${describeStatus(response)}`,
      retryAfter === undefined ? {} : { retryAfter },
    );
  }

  /** What fetch says may have the URL in it, and that a password or a token. */
  #redact(error: unknown): string {
    const message = error instanceof Error ? error.message : String(error);
    return message.replaceAll(this.#url, this.name);
  }
}

/** `404 Not Found`. */
export function describeStatus(response: Response): string {
  return `${response.status} ${response.statusText}`.trim();
}

function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value)
    ? Number(value)
    : (Date.parse(value) - Date.now()) / 1000;
  if (!(seconds > 0)) return undefined;
  return Math.min(RETRY_AFTER_MAX, seconds * 1000);
}

function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
