import { deflateSync } from "node:zlib";
import { ByteWriter } from "../../format/bytes/mod.ts";

const PAGE = 4096;
const FLAGS = { zero: 0x02, page: 0x08, again: 0x20, delta: 0x40, zlib: 0x100 };

/**
 * Writes a sequential stream and keeps the resulting memory, without using code
 * of the reader.
 */
export class SequentialGuest {
  /** The memory of each block so far. */
  readonly memory: Readonly<Record<string, Uint8Array>>;
  readonly #writer = new ByteWriter();
  #last = "";

  /**
   * Writes the stream up to the EOS of the list of blocks; `pages` by idstr.
   */
  constructor(
    pages: Readonly<Record<string, number>>,
    { machine = "none", before = new Uint8Array(0) } = {},
  ) {
    const blocks = Object.entries(pages);
    this.memory = Object.fromEntries(
      blocks.map(([idstr, count]) => [idstr, new Uint8Array(count * PAGE)]),
    );
    const total = blocks.reduce((sum, [, count]) => sum + count * PAGE, 0);
    this.#writer.text("QEVM").be32(3).u8(7).be32(machine.length).text(machine)
      .bytes(before)
      .u8(1).be32(3).countedString("ram").be32(0).be32(4).be64(total + 4);
    for (const [idstr, count] of blocks) {
      this.#writer.countedString(idstr).be64(count * PAGE);
    }
    this.#end();
  }

  /** Writes a PART or END section of the records that `write` adds. */
  part(write: () => void, type: 2 | 3 = 2): void {
    this.#writer.u8(type).be32(3);
    write();
    this.#end();
  }

  /** Writes a page as plain bytes. */
  page(idstr: string, index: number, bytes: Uint8Array): void {
    this.#head(idstr, index, FLAGS.page).bytes(bytes);
    this.memory[idstr].set(bytes, index * PAGE);
  }

  /** Writes a zero page. */
  zero(idstr: string, index: number): void {
    this.#head(idstr, index, FLAGS.zero).u8(0);
    this.memory[idstr].fill(0, index * PAGE, (index + 1) * PAGE);
  }

  /** Writes a page compressed by zlib. */
  compressed(idstr: string, index: number, bytes: Uint8Array): void {
    const data = deflateSync(bytes);
    this.#head(idstr, index, FLAGS.zlib).be32(data.length)
      .bytes(new Uint8Array(data));
    this.memory[idstr].set(bytes, index * PAGE);
  }

  /** Writes a delta with these changes, each as a pair of runs. */
  delta(
    idstr: string,
    index: number,
    changes: readonly { readonly at: number; readonly bytes: Uint8Array }[],
  ): void {
    const delta = new ByteWriter();
    let end = 0;
    for (const { at, bytes } of changes) {
      runLength(delta, at - end);
      runLength(delta, bytes.length);
      delta.bytes(bytes);
      end = at + bytes.length;
      this.memory[idstr].set(bytes, index * PAGE + at);
    }
    this.#head(idstr, index, FLAGS.delta).u8(1).be16(delta.length)
      .bytes(delta.finish());
  }

  /** Writes raw bytes. */
  raw(bytes: Uint8Array): void {
    this.#writer.bytes(bytes);
  }

  /** Writes a device, the end of the stream and a vmdesc of the device. */
  finish(state = "state of the device"): Uint8Array {
    this.#writer.u8(4).be32(9).countedString("dev").be32(0).be32(1).text(state)
      .u8(0x7e).be32(9).u8(0);
    const text = JSON.stringify({
      page_size: PAGE,
      devices: [{
        name: "dev",
        instance_id: 0,
        fields: [{ name: "data", size: state.length }],
      }],
    });
    return this.#writer.u8(6).be32(text.length).text(text).finish();
  }

  /** Returns the bytes written so far. */
  bytes(): Uint8Array {
    return this.#writer.finish();
  }

  #head(idstr: string, index: number, flag: number): ByteWriter {
    const again = idstr === this.#last ? FLAGS.again : 0;
    this.#writer.be64(index * PAGE + flag + again);
    if (again === 0) this.#writer.countedString(idstr);
    this.#last = idstr;
    return this.#writer;
  }

  #end(): void {
    this.#writer.be64(0x10).u8(0x7e).be32(3);
  }
}

function runLength(writer: ByteWriter, length: number): void {
  if (length < 0x80) writer.u8(length);
  else writer.u8(length % 0x80 + 0x80).u8(Math.floor(length / 0x80));
}
