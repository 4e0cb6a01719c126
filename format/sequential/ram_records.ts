/**
 * RAM records: pages in a stream that is read from its start to its end, as in a
 * migration over a socket. Each has a word of the page's offset and flags, the
 * RAMBlock's idstr unless it is that of the record before, and the page's bytes,
 * or a byte 0 for a page of zeros.
 *
 * @module
 */

import {
  NAME_LENGTH_MAX,
  QEMU_VM_SECTION_FOOTER,
  QEMU_VM_SECTION_PART,
  RAM_SAVE_FLAG_CONTINUE,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_PAGE,
  RAM_SAVE_FLAG_ZERO,
} from "../stream/constants.ts";

/** Bytes of the word that starts each record. */
const WORD = 8;
/** Bytes before the first record of a PART, and behind the last one. */
const PART_FRAME = 1 + 4 + WORD + 1 + 4;

/**
 * Records of pages, put together in a buffer that is used again. Page bytes are
 * read right into it.
 */
export class RamRecordWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #pageSize: number;
  #length = 0;
  #idstr: string | undefined;

  /** For at most `pageCount` pages of `pageSize` bytes at a time. */
  constructor(pageCount: number, pageSize: number) {
    const length = PART_FRAME + 1 + NAME_LENGTH_MAX +
      pageCount * (WORD + pageSize);
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
    this.#pageSize = pageSize;
  }

  /** Starts anew, with the head of a PART of that section, or with none. */
  start(sectionId?: number): void {
    this.#length = 0;
    this.#idstr = undefined;
    if (sectionId === undefined) return;
    this.#u8(QEMU_VM_SECTION_PART);
    this.#be32(sectionId);
  }

  /**
   * Adds a page; the caller fills what it returns with its bytes. All pages
   * between two calls of `start` are of one RAMBlock.
   */
  page(idstr: string, offset: number): Uint8Array {
    this.#head(idstr, offset, RAM_SAVE_FLAG_PAGE);
    const start = this.#length;
    this.#length += this.#pageSize;
    return this.#bytes.subarray(start, this.#length);
  }

  /** Adds a page of zeros. */
  zero(idstr: string, offset: number): void {
    this.#head(idstr, offset, RAM_SAVE_FLAG_ZERO);
    this.#u8(0);
  }

  /** Takes back what was added since `start` with that section. */
  finish(sectionId?: number): Uint8Array {
    if (sectionId !== undefined) {
      this.#be64(RAM_SAVE_FLAG_EOS);
      this.#u8(QEMU_VM_SECTION_FOOTER);
      this.#be32(sectionId);
    }
    return this.#bytes.subarray(0, this.#length);
  }

  #head(idstr: string, offset: number, flag: number): void {
    if (idstr === this.#idstr) {
      this.#be64(offset + flag + RAM_SAVE_FLAG_CONTINUE);
      return;
    }
    this.#idstr = idstr;
    this.#be64(offset + flag);
    this.#u8(idstr.length);
    for (let at = 0; at < idstr.length; at++) this.#u8(idstr.charCodeAt(at));
  }

  #u8(value: number): void {
    this.#view.setUint8(this.#length, value);
    this.#length += 1;
  }

  #be32(value: number): void {
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  #be64(value: number): void {
    this.#be32(Math.floor(value / 0x1_0000_0000));
    this.#be32(value >>> 0);
  }
}
