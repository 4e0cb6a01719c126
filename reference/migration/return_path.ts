import {
  MIG_RP_MSG_PONG,
  MIG_RP_MSG_REQ_PAGES,
  MIG_RP_MSG_REQ_PAGES_ID,
  MIG_RP_MSG_SHUT,
} from "../../format/stream/mod.ts";
import { SourceError } from "../sources/mod.ts";

/** What a migration's destination sends to its source. */
export type ReturnPathMessage =
  /** It waits for these bytes of a RAMBlock. */
  | {
    readonly kind: "pages";
    readonly idstr: string;
    readonly offset: number;
    readonly length: number;
  }
  /** It has reached a PING. */
  | { readonly kind: "pong"; readonly value: number }
  /** It has everything, or has failed, and disconnects. */
  | { readonly kind: "shut"; readonly failed: boolean };

const HEAD = 4;

/** Payload lengths of the messages of fixed length. */
const LENGTHS = new Map<number, number>([
  [MIG_RP_MSG_SHUT, 4],
  [MIG_RP_MSG_PONG, 4],
  [MIG_RP_MSG_REQ_PAGES, 12],
]);

/** Splits a return path into messages, however it is cut into chunks. */
export class ReturnPathReader {
  readonly #name: string;
  #rest: Uint8Array = new Uint8Array(0);
  #idstr: string | undefined;

  /** `name` is the channel's, for errors. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Whether the bytes so far end with a complete message. */
  get isWhole(): boolean {
    return this.#rest.length === 0;
  }

  /**
   * Returns the messages that `chunk` completes.
   *
   * @throws {SourceError} if it is not a message that a source expects
   */
  push(chunk: Uint8Array): ReturnPathMessage[] {
    const bytes = this.#rest.length === 0 ? chunk : join(this.#rest, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const messages: ReturnPathMessage[] = [];
    let at = 0;
    while (bytes.length - at >= HEAD) {
      const type = view.getUint16(at);
      const end = at + HEAD + view.getUint16(at + 2);
      this.#check(type, end - at - HEAD);
      if (end > bytes.length) break;
      const payload = new DataView(
        bytes.buffer,
        bytes.byteOffset + at + HEAD,
        end - at - HEAD,
      );
      messages.push(this.#message(type, payload));
      at = end;
    }
    // The channel reuses the chunk after this call.
    this.#rest = bytes.slice(at);
    return messages;
  }

  #check(type: number, length: number): void {
    const expected = LENGTHS.get(type);
    const good = type === MIG_RP_MSG_REQ_PAGES_ID
      ? length >= 14 && length <= 13 + 255
      : length === expected;
    if (good) return;
    throw this.#error(
      `a message of type ${type} with ${length} bytes`,
      "requests for pages, PONG or SHUT",
    );
  }

  #message(type: number, payload: DataView): ReturnPathMessage {
    if (type === MIG_RP_MSG_SHUT) {
      return { kind: "shut", failed: payload.getUint32(0) !== 0 };
    }
    if (type === MIG_RP_MSG_PONG) {
      return { kind: "pong", value: payload.getUint32(0) };
    }
    if (type === MIG_RP_MSG_REQ_PAGES_ID) this.#idstr = this.#name255(payload);
    const idstr = this.#idstr;
    if (idstr === undefined) {
      throw this.#error("a request for pages of no RAMBlock", "its idstr");
    }
    const offset = payload.getBigUint64(0);
    if (offset > Number.MAX_SAFE_INTEGER) {
      throw this.#error(
        `a request for a page at 0x${offset.toString(16)}`,
        "one inside the RAMBlock",
      );
    }
    return {
      kind: "pages",
      idstr,
      offset: Number(offset),
      length: payload.getUint32(8),
    };
  }

  #name255(payload: DataView): string {
    const length = payload.getUint8(12);
    if (length !== payload.byteLength - 13) {
      throw this.#error(
        `an idstr of ${length} bytes in ${payload.byteLength - 13}`,
        "the same number",
      );
    }
    let idstr = "";
    for (let at = 13; at < payload.byteLength; at++) {
      idstr += String.fromCharCode(payload.getUint8(at));
    }
    return idstr;
  }

  #error(found: string, expected: string): SourceError {
    return new SourceError(
      this.#name,
      `Cannot understand the destination at ${this.#name}: ` +
        `found ${found}, expected ${expected}`,
    );
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
