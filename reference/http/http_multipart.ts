/**
 * The answer to a request for several ranges, `multipart/byteranges` (RFC 9110,
 * 14.6), taken apart while it comes in.
 *
 * @module
 */

import type { ByteRange } from "../../format/mod.ts";
import { parseContentRange } from "./http_range_response.ts";
import type { WantedRanges } from "./wanted_ranges.ts";

/** Most bytes of the headers of a part, delimiter included. */
const HEAD_MAX = 0x1000;
const LF = 0x0a;
const CR = 0x0d;
/** Headers are ASCII; one char a byte keeps positions. */
const LATIN1 = new TextDecoder("latin1");

/** The boundary of a multipart/byteranges body; undefined if it is another. */
export function multipartBoundary(contentType: string): string | undefined {
  const match = /^multipart\/byteranges\s*;\s*boundary="?([^";]+)"?/i.exec(
    contentType,
  );
  return match?.[1];
}

/** A part on its way. */
interface OpenPart {
  readonly range: ByteRange;
  /** Indexes of the wanted ranges that lie in it. */
  readonly inside: readonly number[];
  /** Bytes of it that came. */
  done: number;
}

/**
 * Hands over the bytes of a multipart body that are wanted. A server may send
 * ranges in another order, and several as one; what it leaves out is left to be
 * asked for again.
 */
export class MultipartReader {
  /** Indexes of the wanted ranges that were handed over whole. */
  readonly done: Set<number> = new Set();
  readonly #wanted: WantedRanges;
  readonly #boundary: string;
  readonly #byteLength: number;
  readonly #head = new Uint8Array(HEAD_MAX);
  #headLength = 0;
  #part: OpenPart | undefined;
  #malformed = false;

  /** For a body that answers a request for `wanted` of a file of `byteLength`. */
  constructor(
    wanted: WantedRanges,
    options: { readonly boundary: string; readonly byteLength: number },
  ) {
    this.#wanted = wanted;
    this.#boundary = options.boundary;
    this.#byteLength = options.byteLength;
  }

  /** Takes the next bytes of the body. */
  async push(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length && !this.#malformed;) {
      at += this.#part === undefined
        ? this.#pushHead(chunk.subarray(at))
        : await this.#pushBytes(this.#part, chunk.subarray(at));
    }
  }

  /** How the body ended: as it should, in the midst of a part, or in nonsense. */
  end(): "whole" | "cut" | "malformed" {
    if (this.#malformed) return "malformed";
    if (this.#part !== undefined) return "cut";
    const rest = LATIN1.decode(this.#head.subarray(0, this.#headLength)).trim();
    if (rest === `--${this.#boundary}--`) return "whole";
    return `--${this.#boundary}--`.startsWith(rest) ? "cut" : "malformed";
  }

  /** Collects headers up to the empty line; returns how many bytes it took. */
  #pushHead(chunk: Uint8Array): number {
    const before = this.#headLength;
    const room = chunk.subarray(0, HEAD_MAX - before);
    this.#head.set(room, before);
    this.#headLength += room.length;
    const end = headEnd(this.#head.subarray(0, this.#headLength));
    if (end === undefined) {
      this.#malformed = this.#headLength === HEAD_MAX;
      return room.length;
    }
    this.#part = this.#openPart(LATIN1.decode(this.#head.subarray(0, end)));
    this.#malformed = this.#part === undefined;
    this.#headLength = 0;
    return end - before;
  }

  #openPart(head: string): OpenPart | undefined {
    const [delimiter, ...fields] = head.trim().split(/\r?\n/);
    const field = fields.find((it) => /^content-range:/i.test(it));
    const contentRange = parseContentRange(
      field?.replace(/^content-range:\s*/i, "").trim() ?? null,
    );
    const range = contentRange?.range;
    const good = delimiter === `--${this.#boundary}` &&
      range !== undefined && range.length > 0 &&
      contentRange?.total === this.#byteLength;
    if (!good) return undefined;
    return { range, inside: this.#wanted.within(range), done: 0 };
  }

  /** Hands over bytes of a part; returns how many it took. */
  async #pushBytes(part: OpenPart, chunk: Uint8Array): Promise<number> {
    const { range, inside } = part;
    const bytes = chunk.subarray(0, range.length - part.done);
    await this.#wanted.hand(bytes, range.offset + part.done, { inside });
    part.done += bytes.length;
    if (part.done === range.length) {
      for (const index of inside) this.done.add(index);
      this.#part = undefined;
    }
    return bytes.length;
  }
}

/** The position behind the empty line that ends a part's headers. */
function headEnd(head: Uint8Array): number | undefined {
  for (let at = head.indexOf(LF); at >= 0; at = head.indexOf(LF, at + 1)) {
    if (head[at + 1] === CR && head[at + 2] === LF) return at + 3;
    if (head[at + 1] === LF) return at + 2;
  }
  return undefined;
}
