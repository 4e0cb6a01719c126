import { type ByteRange, rangeEnd } from "../../format/mod.ts";
import type { ReadOptions } from "../sources/byte_source.ts";
import type { TakeChunk } from "./http_answer.ts";
import type { HttpClient } from "./http_client.ts";
import {
  multipartBoundary,
  MultipartReader,
  type TakePart,
} from "./http_multipart.ts";
import { checkPartial } from "./http_partial.ts";
import { parseContentRange } from "./http_range_response.ts";
import { checkVersion, type PinnedVersion } from "./http_version.ts";
import { PassingFailure } from "./request_failure.ts";

/** Who takes the bytes of several ranges. */
export interface StreamOptions extends ReadOptions {
  /** Is handed the bytes as they come. */
  readonly take: TakePart;
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

  /** Asks for ranges, all at once if the server does that. */
  async all(
    ranges: readonly ByteRange[],
    options: StreamOptions,
  ): Promise<void> {
    const done = this.#severalAtOnce && ranges.length > 1
      ? await this.several(ranges, options)
      : new Set<number>();
    for (const [index, range] of ranges.entries()) {
      if (done.has(index)) continue;
      await this.one(range, {
        ...options,
        take: (bytes, position) => options.take(bytes, index, position),
      });
    }
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
      const reader = new MultipartReader(ranges, {
        boundary,
        byteLength,
        take,
      });
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
