import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { inLanes, inTurn } from "../work/mod.ts";
import type { HttpAnswer, TakeChunk } from "./http_answer.ts";
import type { HttpClient } from "./http_client.ts";
import { multipartBoundary, MultipartReader } from "./http_multipart.ts";
import {
  checkPartial,
  contentRangeOf,
  wantedPart,
  wrongContentRange,
} from "./http_range_response.ts";
import {
  checkInside,
  checkVersion,
  type PinnedVersion,
} from "./http_version.ts";
import { joinNear } from "./near_ranges.ts";
import { FinalFailure } from "./request_failure.ts";
import { type TakePart, WantedRanges } from "./wanted_ranges.ts";

/** Concurrent single-range requests that replace one multi-range request. */
const SINGLES_AT_ONCE = 4;
/**
 * A server may answer with parts of a range, but must make progress: after the
 * first `ANSWERS_MIN` responses, this many bytes per response on average.
 */
const ANSWER_LENGTH = 0x1000;
const ANSWERS_MIN = 16;

/** Options of a request for several ranges. */
export interface StreamOptions extends ReadOptions {
  /** Receives the bytes as they arrive. */
  readonly take: TakePart;
}

/** Returns the maximum length of the body for these ranges, with headers. */
function longestBody(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { length }) => sum + length + 0x200, 0);
}

/** Requests for ranges of one version of a file. */
export class RangeRequests {
  /** Total body bytes received so far. */
  bytesReceived = 0;
  readonly #client: HttpClient;
  readonly #version: PinnedVersion;
  /** False once the server has failed to answer several ranges at once. */
  #severalAtOnce = true;

  /** Makes requests for the version that was opened. */
  constructor(client: HttpClient, version: PinnedVersion) {
    this.#client = client;
    this.#version = version;
  }

  /** Whether, as far as is known, the server supports multi-range requests. */
  get severalAtOnce(): boolean {
    return this.#severalAtOnce && !this.#client.takesOneRange;
  }

  /**
   * Requests ranges, all at once if the server supports that. Otherwise joins
   * nearby ranges and requests a few of these concurrently.
   */
  async all(
    ranges: readonly ByteRange[],
    { take, signal }: StreamOptions,
  ): Promise<void> {
    const pending = new Set(
      [...ranges.keys()].filter((index) => ranges[index].length > 0),
    );
    for (
      let hasMore = true;
      hasMore && pending.size > 1 && this.severalAtOnce;
    ) {
      const asked = [...pending];
      const done = await this.several(asked.map((index) => ranges[index]), {
        take: (bytes, index, position) => take(bytes, asked[index], position),
        signal,
      });
      for (const index of done) pending.delete(asked[index]);
      hasMore = done.size > 0;
    }
    await this.#alone(ranges, pending, { take, signal });
  }

  /** Requests the remaining ranges one by one, a few of them concurrently. */
  async #alone(
    ranges: readonly ByteRange[],
    pending: ReadonlySet<number>,
    { take, signal }: StreamOptions,
  ): Promise<void> {
    const near = joinNear(ranges.filter((_, index) => pending.has(index)));
    const wanted = new WantedRanges(ranges, inTurn(take));
    // The first failure is final: it stops the other requests.
    const failed = new AbortController();
    const stop = signal === undefined
      ? failed.signal
      : AbortSignal.any([signal, failed.signal]);
    const lanes = Array.from({ length: SINGLES_AT_ONCE });
    await inLanes(lanes, near.values(), async (range) => {
      const inside = wanted.within(range).filter((index) => pending.has(index));
      const hand: TakeChunk = (bytes, position) =>
        wanted.hand(bytes, range.offset + position, { inside });
      try {
        await this.one(range, { take: hand, signal: stop });
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    });
  }

  /**
   * Requests one range. If the server answers with a part of it, requests the
   * rest.
   */
  async one(
    range: ByteRange,
    { take, signal }: ReadOptions & { readonly take: TakeChunk },
  ): Promise<void> {
    const { offset, length } = range;
    const maxAnswers = ANSWERS_MIN + length / ANSWER_LENGTH;
    let answers = 0;
    for (let done = 0; done < length; answers++) {
      const rest = { offset: offset + done, length: length - done };
      const before = done;
      done += await this.#client.get([rest], async (answer) => {
        const { response } = answer;
        await this.#check(answer);
        const part = wantedPart(contentRangeOf(response)?.range, rest);
        if (part === undefined) {
          throw wrongContentRange(
            response,
            `bytes ${rest.offset}-${rangeEnd(rest) - 1}`,
          );
        }
        if (answers > maxAnswers) {
          throw new FinalFailure(
            `the server gave ${done} of ${length} bytes in ${answers} answers`,
          );
        }
        await answer.readPart(part, (bytes, at) => take(bytes, before + at));
        return part.length;
      }, signal);
    }
    this.bytesReceived += length;
  }

  /**
   * Requests several ranges at once and returns the indexes of those received:
   * none if the server does not support that, which is remembered.
   */
  async several(
    ranges: readonly ByteRange[],
    { take, signal }: StreamOptions,
  ): Promise<ReadonlySet<number>> {
    const maxLength = longestBody(ranges);
    return await this.#client.get(ranges, async (answer) => {
      const { response } = answer;
      const type = response.headers.get("content-type") ?? "";
      const boundary = multipartBoundary(type);
      if (response.status !== 206 || boundary === undefined) {
        this.#severalAtOnce = false;
        answer.cancel();
        return new Set<number>();
      }
      await this.#check(answer);
      const { byteLength } = this.#version;
      const wanted = new WantedRanges(ranges, take);
      const reader = new MultipartReader(wanted, { boundary, byteLength });
      let received = 0;
      await answer.readWhile(async (chunk) => {
        received += chunk.length;
        return received <= maxLength && await reader.push(chunk);
      });
      this.bytesReceived += received;
      // A body that was cut off may be complete the next time.
      const isAsAsked = reader.end() === "whole" && reader.done.size > 0;
      this.#severalAtOnce = isAsAsked || reader.end() === "cut" &&
          received <= maxLength;
      return reader.done;
    }, signal);
  }

  async #check(answer: HttpAnswer): Promise<void> {
    checkInside(answer.response, this.#version);
    await checkPartial(answer);
    checkVersion(answer.response, this.#version);
  }
}
