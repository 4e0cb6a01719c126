import { type ByteRange, rangeEnd } from "../../format/mod.ts";
import type { ByteSource, ReadPart, SourceReadOptions } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import { readBody, readChunks } from "./http_body.ts";
import type { HttpClient } from "./http_client.ts";
import { checkPartial } from "./http_partial.ts";
import { multipartBoundary, MultipartReader } from "./http_multipart.ts";
import { parseContentRange } from "./http_range_response.ts";
import { checkVersion, type FileVersion } from "./http_version.ts";

/** Requests that are best under way at once: most of the time is waiting. */
const PARALLEL_READS = 8;
/** Most bytes of guesses that one request asks for, and that are kept. */
const GUESSES_MAX = 0x10000;

interface Extent extends ByteRange {
  readonly bytes: Uint8Array;
}

/** Most bytes of a body that answers these ranges: each part has headers. */
function longestBody(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { length }) => sum + length + 0x200, 0);
}

/** Copies a range out of the extent that holds it, if one does. */
function copyFrom(
  extents: readonly Extent[],
  target: Uint8Array,
  range: ByteRange,
): boolean {
  const extent = extents.find((it) =>
    it.offset <= range.offset && rangeEnd(range) <= rangeEnd(it)
  );
  if (extent === undefined) return false;
  const start = range.offset - extent.offset;
  target.set(extent.bytes.subarray(start, start + range.length));
  return true;
}

/** What `openHttpSource` opens: a file that a server gives by ranges. */
export class RangeSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly parallelReads = PARALLEL_READS;
  readonly #client: HttpClient;
  readonly #version: FileVersion;
  readonly #head: Extent;
  /** What the last request with guesses brought. */
  #guessed: readonly Extent[] = [];
  /** False once the server was seen not to answer several ranges at once. */
  #multipart = true;
  #bytesReceived: number;

  constructor(
    client: HttpClient,
    byteLength: number,
    version: FileVersion,
    head: Uint8Array,
  ) {
    this.name = client.name;
    this.byteLength = byteLength;
    this.#client = client;
    this.#version = version;
    this.#head = { offset: 0, length: head.length, bytes: head };
    this.#bytesReceived = head.length;
  }

  get requests(): number {
    return this.#client.requests;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  async readInto(
    target: Uint8Array,
    offset: number,
    options: SourceReadOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    if (target.length === 0) return;
    const range = { offset, length: target.length };
    if (this.#copyKnown(target, range)) return;
    const guesses = this.#multipart ? this.#usable(range, options.guesses) : [];
    if (guesses.length > 0) {
      const parts = [range, ...guesses].map(({ offset, length }) => ({
        offset,
        target: new Uint8Array(length),
      }));
      const filled = await this.#readMultipart(parts, options.signal);
      this.#guessed = parts.filter((_, index) => filled.has(index))
        .map((it) => ({ ...it, length: it.target.length, bytes: it.target }));
      if (this.#copyKnown(target, range)) return;
    }
    await this.#client.get([range], async (response, alive) => {
      this.#check([range], response);
      const found = parseContentRange(response.headers.get("content-range"));
      const same = found?.range?.offset === offset &&
        found.range.length === target.length;
      if (!same) throw this.#wrongRange(range, response);
      await readBody(this.#client, response, target, alive);
    }, options.signal);
    this.#bytesReceived += target.length;
  }

  #copyKnown(target: Uint8Array, range: ByteRange): boolean {
    return copyFrom([this.#head, ...this.#guessed], target, range);
  }

  /** The guesses that are inside the file, apart from each other and not too much. */
  #usable(range: ByteRange, guesses: readonly ByteRange[] = []): ByteRange[] {
    let room = Math.min(GUESSES_MAX, this.byteLength / 2) - range.length;
    let end = rangeEnd(range);
    return guesses.filter((guess) => {
      const usable = guess.offset >= end && guess.length <= room &&
        rangeEnd(guess) <= this.byteLength;
      if (usable) {
        end = rangeEnd(guess);
        room -= guess.length;
      }
      return usable;
    });
  }

  async readParts(
    parts: readonly ReadPart[],
    options: SourceReadOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    for (const { offset, target } of parts) {
      checkRange(this, offset, target.length);
    }
    const filled = this.#multipart && parts.length > 1
      ? await this.#readMultipart(parts, options.signal)
      : new Set<number>();
    for (const [index, { offset, target }] of parts.entries()) {
      if (filled.has(index)) continue;
      await this.readInto(target, offset, options);
    }
  }

  /**
   * Asks for several parts at once, and tells which are filled: none if the
   * server does not answer so, which is remembered.
   */
  async #readMultipart(
    parts: readonly ReadPart[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlySet<number>> {
    const ranges = parts.map(({ offset, target }) => ({
      offset,
      length: target.length,
    }));
    const most = longestBody(ranges);
    return await this.#client.get(ranges, async (response, alive) => {
      const type = response.headers.get("content-type") ?? "";
      const boundary = multipartBoundary(type);
      if (response.status !== 206 || boundary === undefined) {
        this.#multipart = false;
        await response.body?.cancel();
        return new Set<number>();
      }
      this.#check(ranges, response);
      const { byteLength } = this;
      const reader = new MultipartReader(parts, { boundary, byteLength });
      let received = 0;
      await readChunks(response, this.#client.buffers, (chunk) => {
        alive();
        received += chunk.length;
        if (received > most) {
          throw this.#client.passing(`the server sent more than ${most} bytes`);
        }
        reader.push(chunk);
      });
      this.#bytesReceived += received;
      const end = reader.end();
      if (end === "cut") {
        throw this.#client.passing(
          `the connection ended after ${received} bytes of several ranges`,
        );
      }
      this.#multipart = end === "whole";
      return reader.filled;
    }, signal);
  }

  #check(ranges: readonly ByteRange[], response: Response): void {
    checkPartial(this.#client, ranges, response);
    checkVersion(this.#client, ranges, response, {
      ...this.#version,
      byteLength: this.byteLength,
    });
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
