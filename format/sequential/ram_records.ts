/**
 * RAM records: pages in a stream that is read from start to end, as in a
 * migration over a socket. Each has a word with the page's offset and flags,
 * the RAMBlock's idstr unless it is that of the previous record, and the page's
 * bytes, or a byte 0 for a zero page.
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
/** Bytes before the first record of a PART and after the last one, together. */
const PART_FRAME = 1 + 4 + WORD + 1 + 4;

/**
 * Assembles records of pages in a reused buffer. Page bytes are read directly
 * into it.
 */
export class RamRecordWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #pageSize: number;
  #length = 0;
  #idstr: string | undefined;

  /** Makes room for `pageCount` pages of `pageSize` bytes at a time. */
  constructor(pageCount: number, pageSize: number) {
    const length = PART_FRAME + 1 + NAME_LENGTH_MAX +
      pageCount * (WORD + pageSize);
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
    this.#pageSize = pageSize;
  }

  /** Starts over, with the header of a PART of that section, or without one. */
  start(sectionId?: number): void {
    this.#length = 0;
    this.#idstr = undefined;
    if (sectionId === undefined) return;
    this.#u8(QEMU_VM_SECTION_PART);
    this.#be32(sectionId);
  }

  /**
   * Adds a page and returns the buffer that the caller must fill with its
   * bytes. All pages between two calls of `start` must be of one RAMBlock.
   */
  page(idstr: string, offset: number): Uint8Array {
    this.#head(idstr, offset, RAM_SAVE_FLAG_PAGE);
    const start = this.#length;
    this.#length += this.#pageSize;
    return this.#bytes.subarray(start, this.#length);
  }

  /** Adds a zero page. */
  zero(idstr: string, offset: number): void {
    this.#head(idstr, offset, RAM_SAVE_FLAG_ZERO);
    this.#u8(0);
  }

  /**
   * Returns the bytes added since `start`, which must have been called with the
   * same section.
   */
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
