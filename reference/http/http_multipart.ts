/**
 * Incremental parser of `multipart/byteranges` bodies, which answer a request
 * for several ranges (RFC 9110, section 14.6).
 *
 * @module
 */

import type { ByteRange } from "../../format/bytes/mod.ts";
import { parseContentRange } from "./http_range_response.ts";
import type { WantedRanges } from "./wanted_ranges.ts";

/** Maximum length in bytes of a part's headers, including the delimiter. */
const HEAD_MAX = 0x1000;
const LF = 0x0a;
const CR = 0x0d;
/** Headers are ASCII; Latin-1 maps each byte to one character. */
const LATIN1 = new TextDecoder("latin1");

/** Returns the boundary of a multipart/byteranges body, else undefined. */
export function multipartBoundary(contentType: string): string | undefined {
  const [type] = contentType.split(";", 1);
  if (type.trim().toLowerCase() !== "multipart/byteranges") return undefined;
  const parameters = contentType.slice(type.length)
    .matchAll(/;\s*([^=;\s]+)=(?:"((?:\\.|[^"\\])*)"|([^;"]*))/g);
  for (const [, name, quoted, plain = ""] of parameters) {
    if (name.toLowerCase() !== "boundary") continue;
    const boundary = quoted?.replaceAll(/\\(.)/g, "$1") ?? plain.trim();
    return boundary === "" ? undefined : boundary;
  }
  return undefined;
}

/** A part that is being received. */
interface OpenPart {
  readonly range: ByteRange;
  /** Indexes of the wanted ranges within it. */
  readonly inside: readonly number[];
  /** Bytes received so far. */
  done: number;
}

/**
 * Passes on the wanted bytes of a multipart body. A server may reorder and
 * coalesce ranges; the caller requests again those that it omits.
 *
 * A part counts only if the next delimiter follows it directly: otherwise the
 * last byte of a part that is one byte short would be a byte of the delimiter.
 */
export class MultipartReader {
  /** Indexes of the wanted ranges that were passed on completely. */
  readonly done: Set<number> = new Set();
  readonly #wanted: WantedRanges;
  readonly #boundary: string;
  readonly #byteLength: number;
  readonly #head = new Uint8Array(HEAD_MAX);
  #headLength = 0;
  /** The line terminator in the headers of the last part. */
  #newline: string | undefined;
  #part: OpenPart | undefined;
  /** A part that is complete but not yet followed by a delimiter. */
  #unconfirmed: OpenPart | undefined;
  #end: "whole" | "malformed" | undefined;

  /** Reads the body that answers a request for `wanted` of a file. */
  constructor(
    wanted: WantedRanges,
    options: { readonly boundary: string; readonly byteLength: number },
  ) {
    this.#wanted = wanted;
    this.#boundary = options.boundary;
    this.#byteLength = options.byteLength;
  }

  /** Parses the next bytes of the body; returns whether more are wanted. */
  async push(chunk: Uint8Array): Promise<boolean> {
    for (let at = 0; at < chunk.length && this.#end === undefined;) {
      at += this.#part === undefined
        ? this.#pushHead(chunk.subarray(at))
        : await this.#pushBytes(this.#part, chunk.subarray(at));
    }
    return this.#end !== "malformed";
  }

  /** Whether the body was complete, cut off, or malformed. */
  end(): "whole" | "cut" | "malformed" {
    return this.#end ?? "cut";
  }

  /** Collects headers up to the empty line; returns the bytes consumed. */
  #pushHead(chunk: Uint8Array): number {
    const before = this.#headLength;
    const room = chunk.subarray(0, HEAD_MAX - before);
    this.#head.set(room, before);
    this.#headLength += room.length;
    const head = this.#head.subarray(0, this.#headLength);
    const text = LATIN1.decode(head);
    const delimiter = `${this.#newlineOf(text)}--${this.#boundary}`;
    if (!startsAlike(text, delimiter)) return this.#stop("malformed", room);
    if (text.startsWith(`${delimiter}--`)) {
      this.#confirm();
      return this.#stop("whole", room);
    }
    const end = headEnd(head);
    if (end === undefined) {
      return this.#headLength < HEAD_MAX
        ? room.length
        : this.#stop("malformed", room);
    }
    const [rest, ...fields] = text.slice(delimiter.length, end).split("\n");
    const part = this.#openPart(fields);
    if (rest.trim() !== "" || part === undefined) {
      return this.#stop("malformed", room);
    }
    this.#confirm();
    this.#part = part;
    this.#newline = head[end - 2] === CR ? "\r\n" : "\n";
    this.#headLength = 0;
    return end - before;
  }

  /** Returns the line end before a delimiter, optional at the body's start. */
  #newlineOf(text: string): string {
    return this.#newline ?? (/^\r?\n?/.exec(text)?.[0] ?? "");
  }

  #openPart(fields: readonly string[]): OpenPart | undefined {
    const field = fields.find((it) => /^content-range[ \t]*:/i.test(it));
    const value = field?.slice(field.indexOf(":") + 1) ?? null;
    const { range, total = this.#byteLength } = parseContentRange(value) ?? {};
    if (range === undefined || total !== this.#byteLength) return undefined;
    return { range, inside: this.#wanted.within(range), done: 0 };
  }

  /** Passes on bytes of a part; returns how many it consumed. */
  async #pushBytes(part: OpenPart, chunk: Uint8Array): Promise<number> {
    const { range, inside } = part;
    const bytes = chunk.subarray(0, range.length - part.done);
    await this.#wanted.hand(bytes, range.offset + part.done, { inside });
    part.done += bytes.length;
    if (part.done === range.length) {
      this.#unconfirmed = part;
      this.#part = undefined;
    }
    return bytes.length;
  }

  #confirm(): void {
    for (const index of this.#unconfirmed?.inside ?? []) this.done.add(index);
    this.#unconfirmed = undefined;
  }

  #stop(end: "whole" | "malformed", { length }: Uint8Array): number {
    this.#end = end;
    return length;
  }
}

/** Whether one of two texts starts with the other. */
function startsAlike(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

/** Returns the position after the empty line that ends a part's headers. */
function headEnd(head: Uint8Array): number | undefined {
  for (let at = head.indexOf(LF); at >= 0; at = head.indexOf(LF, at + 1)) {
    if (head[at + 1] === CR && head[at + 2] === LF) return at + 3;
    if (head[at + 1] === LF) return at + 2;
  }
  return undefined;
}
