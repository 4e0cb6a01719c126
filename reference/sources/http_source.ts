import { type ByteRange, rangeEnd } from "../../format/mod.ts";
import type { ByteSource, ReadOptions, ReadPart } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import { describeStatus, HttpClient, type HttpOptions } from "./http_client.ts";
import {
  multipartBoundary,
  parseContentRange,
  splitMultipart,
} from "./http_range_response.ts";

/** Bytes that opening asks for, and keeps: headers and the first bitmap. */
const HEAD_LENGTH = 0x10000;
/** Requests that are best under way at once: most of the time is waiting. */
const PARALLEL_READS = 8;
/** Most bytes of guesses that one request asks for, and that are kept. */
const GUESSES_MAX = 0x10000;

/** How to open a URL. */
export interface HttpSourceOptions extends HttpOptions, ReadOptions {}

/** A source over a URL of a server that answers Range requests. */
export interface HttpSource extends ByteSource {
  /** Requests made so far, retries included. */
  readonly requests: number;
  /** Bytes of bodies received so far. */
  readonly bytesReceived: number;
}

/**
 * Opens a URL by one request, which reads the first 64 KiB and tells the size.
 * What the server says of the file's version (ETag, else Last-Modified) is kept:
 * a later answer that differs is an error, never a mix of two files.
 *
 * @throws {SourceError} if the server does not answer with the range asked for
 *
 * @example
 * ```ts
 * import { openHttpSource } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * // A server in a function, as a test or a request signer would inject it.
 * const file = new TextEncoder().encode("QEVM");
 * const source = await openHttpSource("https://example.com/vm.mr", {
 *   fetch: () =>
 *     Promise.resolve(
 *       new Response(file, {
 *         status: 206,
 *         headers: { "content-range": "bytes 0-3/4", etag: '"1"' },
 *       }),
 *     ),
 * });
 * assert.equal(source.byteLength, 4);
 * ```
 */
export async function openHttpSource(
  url: string | URL,
  options: HttpSourceOptions = {},
): Promise<HttpSource> {
  const client = new HttpClient(url, options);
  const head = { offset: 0, length: HEAD_LENGTH };
  const opened = await client.get([head], async (response, alive) => {
    if (response.status === 416) {
      const empty = parseContentRange(response.headers.get("content-range"));
      if (empty?.total === 0) {
        return { byteLength: 0, bytes: new Uint8Array(0), response };
      }
    }
    checkPartial(client, [head], response);
    const contentRange = parseContentRange(
      response.headers.get("content-range"),
    );
    const { range, total } = contentRange ?? {};
    if (total === undefined || range?.offset !== 0) {
      throw client.error(
        [head],
        `the server answered Content-Range ${
          JSON.stringify(response.headers.get("content-range"))
        }, expected one that starts at 0 and tells the size`,
      );
    }
    const expected = Math.min(HEAD_LENGTH, total);
    if (range.length !== expected) {
      throw client.error(
        [head],
        `the server answered ${range.length} bytes, expected ${expected}`,
      );
    }
    const bytes = new Uint8Array(expected);
    await readBody(client, response, bytes, alive);
    return { byteLength: total, bytes, response };
  }, options.signal);
  const version = versionOf(opened.response);
  return new RangeSource(client, opened.byteLength, version, opened.bytes);
}

/** What a server says of the version of a file. */
interface FileVersion {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

function versionOf({ headers }: Response): FileVersion {
  return {
    etag: headers.get("etag"),
    lastModified: headers.get("last-modified"),
  };
}

interface Extent extends ByteRange {
  readonly bytes: Uint8Array;
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

class RangeSource implements HttpSource {
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
    options: ReadOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    if (target.length === 0) return;
    const range = { offset, length: target.length };
    if (this.#copyKnown(target, range)) return;
    const guesses = this.#multipart ? this.#usable(range, options.guesses) : [];
    if (guesses.length > 0) {
      this.#guessed =
        await this.#getRanges([range, ...guesses], options.signal) ?? [];
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
    options: ReadOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    for (const { offset, target } of parts) {
      checkRange(this, offset, target.length);
    }
    const ranges = parts.map(({ offset, target }) => ({
      offset,
      length: target.length,
    }));
    const several = this.#multipart && parts.length > 1;
    const extents = several
      ? await this.#getRanges(ranges, options.signal) ?? []
      : [];
    for (const [index, { target, offset }] of parts.entries()) {
      if (copyFrom(extents, target, ranges[index])) continue;
      await this.readInto(target, offset, options);
    }
  }

  /**
   * Asks for several ranges at once. Undefined if the server does not answer so,
   * which is remembered.
   */
  async #getRanges(
    ranges: readonly ByteRange[],
    signal: AbortSignal | undefined,
  ): Promise<Extent[] | undefined> {
    // Each part has its own headers.
    const limit = ranges.reduce((sum, { length }) => sum + length + 0x200, 0);
    const body = await this.#client.get(ranges, async (response, alive) => {
      const type = response.headers.get("content-type") ?? "";
      const boundary = multipartBoundary(type);
      if (response.status !== 206 || boundary === undefined) {
        await response.body?.cancel();
        return undefined;
      }
      this.#check(ranges, response);
      const bytes = await readAll(this.#client, response, limit, alive);
      return { boundary, bytes };
    }, signal);
    const parts = body && splitMultipart(body.bytes, body.boundary);
    const good = parts?.every(({ contentRange }) =>
      contentRange.total === this.byteLength
    );
    if (body === undefined || parts === undefined || !good) {
      this.#multipart = false;
      return undefined;
    }
    this.#bytesReceived += body.bytes.length;
    return parts.map(({ bytes, contentRange }) => ({
      ...contentRange.range,
      bytes,
    }));
  }

  #check(ranges: readonly ByteRange[], response: Response): void {
    checkPartial(this.#client, ranges, response);
    const { etag, lastModified } = versionOf(response);
    const pinned = this.#version;
    const changed = etag !== pinned.etag ||
      (etag === null && lastModified !== pinned.lastModified);
    const total = parseContentRange(response.headers.get("content-range"))
      ?.total;
    if (!changed && (total === undefined || total === this.byteLength)) return;
    throw this.#client.error(
      ranges,
      `the file changed on the server: ${
        describeVersion(response, total)
      }, expected ${describePinned(pinned, this.byteLength)}`,
    );
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

function describePinned(version: FileVersion, byteLength: number): string {
  const tag = version.etag ?? version.lastModified ?? "no ETag";
  return `${tag} of ${byteLength} bytes as when it was opened`;
}

function describeVersion(response: Response, total?: number): string {
  const { etag, lastModified } = versionOf(response);
  const size = total === undefined ? "" : ` of ${total} bytes`;
  return `${etag ?? lastModified ?? "no ETag"}${size}`;
}

/** Refuses every answer but 206 of the file as it is. */
function checkPartial(
  client: HttpClient,
  ranges: readonly ByteRange[],
  response: Response,
): void {
  const { status, headers } = response;
  if (status === 200) {
    throw client.error(
      ranges,
      "the server answered 200 with the whole file, expected 206: switch on " +
        "Range requests for it (Accept-Ranges: bytes) and compression off",
    );
  }
  if (status !== 206) {
    throw client.error(
      ranges,
      `the server answered ${describeStatus(response)}, expected 206`,
    );
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw client.error(
      ranges,
      `the server answered Content-Encoding ${encoding}, expected the file ` +
        "as it is: switch compression off for it",
    );
  }
}

/** Fills the whole of `target` with the body. */
async function readBody(
  client: HttpClient,
  response: Response,
  target: Uint8Array,
  alive: () => void,
): Promise<void> {
  let done = 0;
  for await (const chunk of chunks(response)) {
    alive();
    if (done + chunk.length > target.length) {
      throw client.passing(
        `the server sent more than the ${target.length} bytes it announced`,
      );
    }
    target.set(chunk, done);
    done += chunk.length;
  }
  if (done < target.length) {
    throw client.passing(
      `the connection ended after ${done} of ${target.length} bytes`,
    );
  }
}

/** The whole body, of at most `limit` bytes. */
async function readAll(
  client: HttpClient,
  response: Response,
  limit: number,
  alive: () => void,
): Promise<Uint8Array> {
  const buffer = new Uint8Array(limit);
  let length = 0;
  for await (const chunk of chunks(response)) {
    alive();
    if (length + chunk.length > limit) {
      throw client.passing(`the server sent more than ${limit} bytes`);
    }
    buffer.set(chunk, length);
    length += chunk.length;
  }
  return buffer.subarray(0, length);
}

/** The chunks of a body; what is left of it is dropped when the caller stops. */
async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}
