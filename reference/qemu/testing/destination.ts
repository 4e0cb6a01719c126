import type { Socket } from "node:net";
import { GrowingBytes, hexText } from "../../../format/bytes/mod.ts";
import { ConnectedPair } from "./connected_pair.ts";

/** A page as received; a zero record has no bytes. */
export interface ReceivedPage {
  readonly idstr: string;
  readonly offset: number;
  readonly bytes: Uint8Array | undefined;
}

/** Bytes of a page in these tests. */
const PAGE_SIZE = 4096;

/**
 * The destination of a postcopy migration, driven by a test over a real socket:
 * it parses the stream by the protocol, and sends the requests of the test.
 */
export class Destination implements Disposable {
  readonly pair: ConnectedPair;
  /** The items received, as text: commands, sections, `end`, `eof`. */
  readonly items: string[] = [];
  /** The pages, in the order received. */
  readonly pages: ReceivedPage[] = [];

  /** The pages received with bytes. */
  get storedPages(): ReceivedPage[] {
    return this.pages.filter(({ bytes }) => bytes !== undefined);
  }

  readonly #socket: Socket;
  readonly #hasHostPageSize: (idstr: string) => boolean;
  readonly #waiting = new Set<() => void>();
  readonly #received = new GrowingBytes();
  #at = 0;
  #idstr = "";
  #ended = false;

  private constructor(
    pair: ConnectedPair,
    hasHostPageSize: (idstr: string) => boolean,
  ) {
    this.pair = pair;
    this.#socket = pair.other;
    this.#hasHostPageSize = hasHostPageSize;
    this.#socket.on("data", (chunk: Uint8Array) => {
      this.#received.append(chunk);
      this.#parse();
      for (const look of [...this.#waiting]) look();
    });
  }

  /** Connects; `hugeBlocks` have their page size in the list. */
  static async open(
    hugeBlocks: readonly string[] = [],
  ): Promise<Destination> {
    const pair = await ConnectedPair.open();
    return new Destination(pair, (idstr) => hugeBlocks.includes(idstr));
  }

  /** Resolves when `condition` holds. */
  until(condition: (destination: Destination) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition(this)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Requests pages. */
  request(idstr: string, offset: number, length = PAGE_SIZE): void {
    const message = new Uint8Array(4 + 13 + idstr.length);
    const view = new DataView(message.buffer);
    view.setUint16(0, 3);
    view.setUint16(2, 13 + idstr.length);
    view.setBigUint64(4, BigInt(offset));
    view.setUint32(12, length);
    message[16] = idstr.length;
    message.set(new TextEncoder().encode(idstr), 17);
    this.#socket.write(message);
  }

  /** Reports that it has everything, or that it failed. */
  shut(status = 0): void {
    this.#socket.write(Uint8Array.of(0, 1, 0, 4, 0, 0, 0, status));
  }

  /** Sends bytes unchanged. */
  say(...bytes: readonly number[]): void {
    this.#socket.write(Uint8Array.from(bytes));
  }

  [Symbol.dispose](): void {
    this.pair[Symbol.dispose]();
  }

  /** Parses complete items; starts again from an incomplete one. */
  #parse(): void {
    while (!this.#ended) {
      const start = this.#at;
      const pageCount = this.pages.length;
      try {
        if (this.items.length === 0) this.#head();
        else this.#item();
      } catch (error) {
        if (!(error instanceof NotYet)) throw error;
        this.#at = start;
        this.pages.length = pageCount;
        return;
      }
    }
  }

  #head(): void {
    this.#take(9);
    const machine = this.#text(this.#be32());
    const items = [`machine ${machine}`];
    while (this.#peek() === 5) {
      this.#take(1);
      const name = this.#text(this.#u8());
      this.#be32();
      const count = this.#be32();
      for (let index = 0; index < count; index++) this.#text(this.#u8());
      items.push(`${name} ${count}`);
    }
    this.items.push(...items);
  }

  #item(): void {
    const type = this.#u8();
    if (type === 0) {
      this.items.push("eof");
      this.#ended = true;
    } else if (type === 8) this.#command();
    else if (type === 1) this.#ramStart();
    else if (type === 2 || type === 3) {
      this.#be32();
      this.#records();
      this.#take(5);
      if (type === 3) this.items.push("end");
    } else throw new Error(`An item of type ${type}`);
  }

  #command(): void {
    const command = this.#be16();
    const payload = this.#take(this.#be16());
    if (command !== 7) {
      this.items.push(`command ${command} ${hexText(payload)}`.trim());
      return;
    }
    const view = new DataView(payload.buffer, payload.byteOffset);
    const packaged = this.#take(view.getUint32(0));
    this.items.push(`package ${hexText(packaged)}`);
    // The PING in it is the last command but one.
    const value = packaged.subarray(-9, -5);
    this.say(0, 2, 0, 4, ...value);
  }

  #ramStart(): void {
    this.#be32();
    const name = this.#text(this.#u8());
    this.#take(8);
    const entries: string[] = [];
    for (let left = this.#be64() - 4; left > 0;) {
      const idstr = this.#text(this.#u8());
      const length = this.#be64();
      left -= length;
      const size = this.#hasHostPageSize(idstr) ? ` by ${this.#be64()}` : "";
      entries.push(`${idstr} ${length}${size}`);
    }
    if (this.#be64() !== 0x10) throw new Error("No EOS");
    this.#take(5);
    this.items.push(`${name}: ${entries.join(", ")}`);
  }

  #records(): void {
    for (;;) {
      const word = this.#be64();
      const flags = word % 4096;
      if (flags === 0x10) return;
      if ((flags & 0x20) === 0) this.#idstr = this.#text(this.#u8());
      const bytes = (flags & 0x08) !== 0
        ? this.#take(PAGE_SIZE).slice()
        : undefined;
      if (bytes === undefined && this.#u8() !== 0) throw new Error("Not zero");
      this.pages.push({ idstr: this.#idstr, offset: word - flags, bytes });
    }
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#received.length) throw new NotYet();
    this.#at += length;
    return this.#received.buffer.subarray(this.#at - length, this.#at);
  }

  #peek(): number {
    const [byte] = this.#take(1);
    this.#at--;
    return byte;
  }

  #number(length: number): number {
    return this.#take(length).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  #u8 = () => this.#number(1);
  #be16 = () => this.#number(2);
  #be32 = () => this.#number(4);
  #be64 = () => this.#number(8);
  #text = (length: number) => new TextDecoder().decode(this.#take(length));
}

class NotYet extends Error {}
