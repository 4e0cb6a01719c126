import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import {
  type ByteSource,
  checkRange,
  type SourceReadOptions,
  type TakeBytes,
} from "../sources/mod.ts";
import type { HttpClient } from "./http_client.ts";
import type { PinnedVersion } from "./http_version.ts";
import { RangeRequests } from "./range_requests.ts";
import { TakerFailure } from "./request_failure.ts";

/** Best number of concurrent requests; they mostly wait for the server. */
const PARALLEL_READS = 8;
/** Maximum bytes of guesses requested at once, and kept. */
const GUESSES_MAX = 0x10000;

interface Extent extends ByteRange {
  readonly bytes: Uint8Array;
}

/** Copies a range from an extent that contains it; returns whether one does. */
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

/** A file read by Range requests; opened by `openHttpSource`. */
export class RangeSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly etag: string | undefined;
  readonly parallelReads = PARALLEL_READS;
  readonly #client: HttpClient;
  readonly #requests: RangeRequests;
  readonly #head: Extent;
  /** Extents received by the last request with guesses. */
  #guessed: readonly Extent[] = [];

  constructor(client: HttpClient, version: PinnedVersion, head: Uint8Array) {
    this.name = client.name;
    this.byteLength = version.byteLength;
    this.etag = version.etag ?? undefined;
    this.#client = client;
    this.#requests = new RangeRequests(client, version);
    this.#head = { offset: 0, length: head.length, bytes: head };
  }

  get requests(): number {
    return this.#client.requests;
  }

  get bytesReceived(): number {
    return this.#head.length + this.#requests.bytesReceived;
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
    const ranges = this.#withGuesses(range, options.guesses);
    if (ranges.length > 1 && this.#requests.severalAtOnce) {
      const extents = ranges
        .map((it) => ({ ...it, bytes: new Uint8Array(it.length) }));
      const filled = await this.#requests.several(extents, {
        take: (bytes, index, position) =>
          extents[index].bytes.set(bytes, position),
        signal: options.signal,
      });
      this.#guessed = extents.filter((_, index) => filled.has(index));
      if (this.#copyKnown(target, range)) return;
    }
    await this.#requests.one(range, {
      take: (bytes, position) => target.set(bytes, position),
      signal: options.signal,
    });
  }

  #copyKnown(target: Uint8Array, range: ByteRange): boolean {
    return copyFrom([this.#head, ...this.#guessed], target, range);
  }

  /**
   * Returns a range and those guesses after it that are in the file and together
   * small enough; the first of them may overlap it, and are added to it.
   */
  #withGuesses(
    range: ByteRange,
    guesses: readonly ByteRange[] = [],
  ): readonly ByteRange[] {
    let room = Math.min(GUESSES_MAX, this.byteLength / 2) - range.length;
    const ranges = [{ ...range }];
    for (const guess of guesses) {
      const last = ranges[ranges.length - 1];
      const end = rangeEnd(guess);
      const added = end - Math.max(guess.offset, rangeEnd(last));
      const isUsable = guess.offset >= last.offset && added <= room &&
        end <= this.byteLength;
      if (!isUsable || added <= 0) continue;
      room -= added;
      if (guess.offset > rangeEnd(last)) ranges.push({ ...guess });
      else last.length += added;
    }
    return ranges;
  }

  async streamRanges(
    ranges: readonly ByteRange[],
    take: TakeBytes,
    { signal }: SourceReadOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted();
    for (const { offset, length } of ranges) checkRange(this, offset, length);
    await this.#requests.all(ranges, {
      signal,
      async take(bytes, index, position) {
        try {
          await take(bytes, {
            offset: ranges[index].offset + position,
            index,
          });
        } catch (error) {
          throw new TakerFailure(error);
        }
      },
    });
  }
}
