import { type ByteRange, rangeEnd } from "../../format/mod.ts";
import { inLanes } from "../lanes.ts";
import type { ReadOptions } from "../sources/byte_source.ts";
import type { TakeChunk } from "./http_answer.ts";
import type { HttpClient } from "./http_client.ts";
import { multipartBoundary, MultipartReader } from "./http_multipart.ts";
import { checkPartial } from "./http_partial.ts";
import { parseContentRange } from "./http_range_response.ts";
import { checkVersion, type PinnedVersion } from "./http_version.ts";
import { joinNear } from "./near_ranges.ts";
import { PassingFailure } from "./request_failure.ts";
import { type TakePart, WantedRanges } from "./wanted_ranges.ts";

/** Requests for one range each that one request for several may become at once. */
const SINGLES_AT_ONCE = 4;

/** Who takes the bytes of several ranges. */
export interface StreamOptions extends ReadOptions {
  /** Is handed the bytes as they come. */
  readonly take: TakePart;
}

/** Hands over one piece after the other, whichever request brought it. */
function inTurn(take: TakePart): TakePart {
  let last = Promise.resolve();
  return (...piece) => last = last.then(() => take(...piece));
}

/** Most bytes of a body that answers these ranges: each part has headers. */
function longestBody(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { length }) => sum + length + 0x200, 0);
}

/** Requests for ranges of one version of a file. */
export class RangeRequests {
  /** Bytes of bodies that came so far, all told. */
  bytesReceived = 0;
  readonly #client: HttpClient;
  readonly #version: PinnedVersion;
  /** False once the server was seen not to answer several ranges at once. */
  #severalAtOnce = true;

  /** Of the version that was opened. */
  constructor(client: HttpClient, version: PinnedVersion) {
    this.#client = client;
    this.#version = version;
  }

  /** Whether several ranges may be had at once, as far as is known. */
  get severalAtOnce(): boolean {
    return this.#severalAtOnce;
  }

  /**
   * Asks for ranges, all at once if the server does that. If not, those near each
   * other are asked for as one, and some of these at a time.
   */
  async all(
    ranges: readonly ByteRange[],
    { take, signal }: StreamOptions,
  ): Promise<void> {
    const done = this.#severalAtOnce && ranges.length > 1
      ? await this.several(ranges, { take, signal })
      : new Set<number>();
    const left = joinNear(ranges.filter((_, index) => !done.has(index)));
    const wanted = new WantedRanges(ranges, inTurn(take));
    const lanes = Array.from({ length: SINGLES_AT_ONCE });
    await inLanes(lanes, left.values(), async (range) => {
      const inside = wanted.within(range).filter((index) => !done.has(index));
      const hand: TakeChunk = (bytes, position) =>
        wanted.hand(bytes, range.offset + position, { inside });
      await this.one(range, { take: hand, signal });
    });
  }

  /** Asks for one range. */
  async one(
    range: ByteRange,
    { take, signal }: ReadOptions & { readonly take: TakeChunk },
  ): Promise<void> {
    const { offset, length } = range;
    if (length === 0) return;
    await this.#client.get([range], async (answer) => {
      const { response } = answer;
      this.#check([range], response);
      const found = parseContentRange(response.headers.get("content-range"));
      const same = found?.range?.offset === offset &&
        found.range.length === length;
      if (!same) throw this.#wrongRange(range, response);
      await answer.readBody(length, take);
    }, signal);
    this.bytesReceived += length;
  }

  /**
   * Asks for several ranges at once, and tells which came: none if the server
   * does not answer so, which is remembered.
   */
  async several(
    ranges: readonly ByteRange[],
    { take, signal }: StreamOptions,
  ): Promise<ReadonlySet<number>> {
    const most = longestBody(ranges);
    return await this.#client.get(ranges, async (answer) => {
      const { response } = answer;
      const type = response.headers.get("content-type") ?? "";
      const boundary = multipartBoundary(type);
      if (response.status !== 206 || boundary === undefined) {
        this.#severalAtOnce = false;
        await answer.cancel();
        return new Set<number>();
      }
      this.#check(ranges, response);
      const { byteLength } = this.#version;
      const wanted = new WantedRanges(ranges, take);
      const reader = new MultipartReader(wanted, { boundary, byteLength });
      let received = 0;
      await answer.readChunks(async (chunk) => {
        received += chunk.length;
        if (received > most) {
          throw new PassingFailure(`the server sent more than ${most} bytes`);
        }
        await reader.push(chunk);
      });
      this.bytesReceived += received;
      const end = reader.end();
      if (end === "cut") {
        throw new PassingFailure(
          `the connection ended after ${received} bytes of several ranges`,
        );
      }
      this.#severalAtOnce = end === "whole";
      return reader.done;
    }, signal);
  }

  #check(ranges: readonly ByteRange[], response: Response): void {
    checkPartial(this.#client, ranges, response);
    checkVersion(this.#client, ranges, response, this.#version);
  }

  #wrongRange(range: ByteRange, response: Response): Error {
    return this.#client.error(
      [range],
      `the server answered Content-Range ${
        JSON.stringify(response.headers.get("content-range"))
      }, expected bytes ${range.offset}-${rangeEnd(range) - 1}`,
    );
  }
}
