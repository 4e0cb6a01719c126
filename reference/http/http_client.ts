import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { hex } from "../../format/rules/mod.ts";
import {
  isWebUrl,
  shownName,
  SourceError,
  withoutSecrets,
} from "../sources/mod.ts";
import { backoff, retry, waitFor } from "../work/mod.ts";
import { answeredStatus } from "./answered_status.ts";
import { BodyBuffers } from "./body_buffers.ts";
import { fetchFailure } from "./fetch_failure.ts";
import { HttpAnswer } from "./http_answer.ts";
import { takesOneRange } from "./http_range_response.ts";
import {
  ChangedFailure,
  FinalFailure,
  PassingFailure,
  RequestFailure,
  TakerFailure,
} from "./request_failure.ts";
import { requestRanges } from "./request_ranges.ts";
import { type RequestTarget, targetOf } from "./request_target.ts";
import { SilenceTimer } from "./silence_timer.ts";

/** Options for requests to a server. */
export interface HttpOptions {
  /**
   * Headers sent with every request, for example `authorization`. They are not
   * sent to another origin that the server redirects to.
   */
  readonly headers?: RequestInit["headers"] | undefined;
  /**
   * Called for every request, including those that follow a redirect, for
   * example to sign or count requests. Default: `fetch`.
   */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** Maximum retries of a request after temporary failures. Default: 4. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first retry; doubles each time. Default: 200. */
  readonly retryDelay?: number | undefined;
  /** Milliseconds that the server may send nothing. Default: 30,000. */
  readonly timeout?: number | undefined;
}

/** Upper limit for the delay of a Retry-After header, in milliseconds. */
const RETRY_AFTER_MAX = 60_000;

/** Permanent server errors: Not Implemented, HTTP Version Not Supported. */
const NEVER_RETRIED: ReadonlySet<number> = new Set([501, 505]);

/** Maximum other secrets kept: more than concurrent requests can have. */
const OTHER_SECRETS_MAX = 256;

/** Processes a response. */
export type Consume<T> = (answer: HttpAnswer) => Promise<T>;

/**
 * Requests ranges of one URL. It retries temporary failures, rejects at once on
 * permanent ones, and keeps credentials out of all messages.
 */
export class HttpClient {
  /** The URL without user, password, query values, and fragment. */
  readonly name: string;
  /** Number of requests made so far, including retries. */
  requests = 0;
  /** Whether to request only single ranges. */
  takesOneRange = false;
  readonly #buffers = new BodyBuffers();
  readonly #target: RequestTarget;
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #retries: number;
  readonly #retryDelay: number;
  readonly #timeout: number;
  /**
   * Secrets in the URLs of recent redirects, and in those that `fetch` sent
   * failed requests to; removed from all messages.
   */
  #otherSecrets: readonly string[] = [];
  /** Whether the server has answered before, so that its host name is valid. */
  #hasAnswered = false;

  /** Makes a client for `url`. */
  constructor(url: string | URL, options: HttpOptions) {
    this.#target = targetOf(checkedUrl(url), options.headers);
    this.name = this.#target.name;
    this.#fetch = options.fetch ?? ((request) => fetch(request));
    this.#retries = options.retries ?? 4;
    this.#retryDelay = options.retryDelay ?? 200;
    this.#timeout = options.timeout ?? 30_000;
  }

  /** Requests `ranges`; calls `consume` with the response of each attempt. */
  async get<T>(
    ranges: readonly ByteRange[],
    consume: Consume<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return await retry(() => this.#attempt(ranges, consume, signal), {
      signal,
      delayAfter: (error, attempt) => {
        if (error instanceof TakerFailure) throw error.cause;
        if (error instanceof FinalFailure) {
          throw this.#error(ranges, error);
        }
        if (!(error instanceof PassingFailure)) throw error;
        if (attempt >= this.#retries) {
          throw this.#error(ranges, error, attempt + 1);
        }
        const delay = backoff(attempt, { first: this.#retryDelay });
        const spread = delay * (0.5 + Math.random() / 2);
        return Math.max(error.retryAfter ?? 0, spread);
      },
    });
  }

  /**
   * Returns the error for a failed request for `ranges`. Texts of the server
   * and the runtime may contain a password or a token: these are removed from
   * the message, and the original error is not attached as the cause.
   */
  #error(
    ranges: readonly ByteRange[],
    failure: RequestFailure,
    tries = 1,
  ): SourceError {
    const { url, name, secrets } = this.#target;
    let text = withoutSecrets(failure.message.replaceAll(url, name));
    for (const secret of [...secrets, ...this.#otherSecrets]) {
      text = text.replaceAll(secret, "…");
    }
    const [range] = ranges;
    const where = range === undefined
      ? ""
      : ` bytes ${hex(range.offset)} to ${hex(rangeEnd(range))} of`;
    return new SourceError(
      this.name,
      `Cannot read${where} ${JSON.stringify(this.name)}: ${text}` +
        (tries === 1 ? "" : ` (${tries} tries)`),
      {
        changed: failure instanceof ChangedFailure,
        ...range === undefined ? {} : { range },
      },
    );
  }

  async #attempt<T>(
    ranges: readonly ByteRange[],
    consume: Consume<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const controller = new AbortController();
    using silence = new SilenceTimer(this.#timeout, controller);
    const giveUp = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", giveUp);
    try {
      const response = await requestRanges(this.#target, ranges, {
        signal: controller.signal,
        fetch: (request) => this.#ask(request, controller.signal),
        onRedirect: (target) => this.#hide(target),
      });
      this.#hasAnswered = true;
      this.takesOneRange ||= takesOneRange(response);
      try {
        const answer = new HttpAnswer(response, {
          buffers: this.#buffers,
          watch: silence,
          signal: controller.signal,
        });
        await this.#checkPassing(answer);
        return await consume(answer);
      } catch (error) {
        response.body?.cancel().catch(() => {});
        if (URL.canParse(response.url)) {
          this.#hide(targetOf(new URL(response.url)));
        }
        throw error;
      }
    } catch (error) {
      if (silence.isOver) {
        throw new PassingFailure(`no answer for ${this.#timeout} ms`);
      }
      throw error instanceof RequestFailure ? error : this.#failure(error);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #hide({ secrets }: RequestTarget): void {
    this.#otherSecrets = [...secrets, ...this.#otherSecrets]
      .slice(0, OTHER_SECRETS_MAX);
  }

  /** Sends a request. Does not wait for a `fetch` that ignores its signal. */
  async #ask(request: Request, signal: AbortSignal): Promise<Response> {
    this.requests++;
    const answer = this.#fetch(request);
    try {
      return await waitFor(answer, { signal });
    } catch (error) {
      answer.then(({ body }) => body?.cancel()).catch(() => {});
      throw error;
    }
  }

  /** Returns the failure for a request without a response or complete body. */
  #failure(error: unknown): RequestFailure {
    const { reason, isUnknownHost, isUntrusted } = fetchFailure(error);
    const isFinal = isUntrusted || isUnknownHost && !this.#hasAnswered;
    return isFinal ? new FinalFailure(reason) : new PassingFailure(reason);
  }

  async #checkPassing(answer: HttpAnswer): Promise<void> {
    const { status, headers } = answer.response;
    const isPassing = status === 408 || status === 429 ||
      status >= 500 && !NEVER_RETRIED.has(status);
    if (!isPassing) return;
    throw new PassingFailure(
      `the server answered ${await answeredStatus(answer)}`,
      parseRetryAfter(headers.get("retry-after")),
    );
  }
}

function checkedUrl(url: string | URL): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && isWebUrl(parsed.href)) return parsed;
  throw new TypeError(
    `Cannot open ${
      JSON.stringify(shownName(url))
    }: expected an http or https ` +
      "URL",
  );
}

function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value)
    ? Number(value)
    : (Date.parse(value) - Date.now()) / 1000;
  if (!(seconds > 0)) return undefined;
  return Math.min(RETRY_AFTER_MAX, seconds * 1000);
}
