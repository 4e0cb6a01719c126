const MAGIC = 0xfd2fb528;
const MAGIC_SKIPPABLE = 0x184d2a50;
const BLOCK_RLE = 1;
/** Bytes of a dictionary id, and of the content size, by their flags. */
const DICTIONARY_ID_LENGTHS = [0, 1, 2, 4];
const CONTENT_SIZE_LENGTHS = [0, 2, 4, 8];

/**
 * Follows the frames of a zstd stream (RFC 8878), to tell whether the last one
 * is complete: not every runtime reports a truncated stream.
 */
export class ZstdFrames {
  /** Bytes to skip before the next field. */
  #skip = 0;
  /** The field being read, and its length. */
  readonly #field = new Uint8Array(8);
  #have = 0;
  #want = 4;
  #read: (view: DataView) => void = (view) => this.#magic(view);
  #hasChecksum = false;
  #frames = 0;
  #betweenFrames = true;

  /** Whether the bytes so far are complete frames, at least one. */
  get isWhole(): boolean {
    return this.#betweenFrames && this.#frames > 0 && this.#have === 0 &&
      this.#skip === 0;
  }

  /** Takes the next bytes of the stream. */
  take(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      this.#field[this.#have++] = bytes[at++] ?? 0;
      if (this.#have < this.#want) continue;
      this.#have = 0;
      this.#read(new DataView(this.#field.buffer, 0, this.#want));
    }
  }

  #next(length: number, read: (view: DataView) => void): void {
    this.#want = length;
    this.#read = read;
  }

  #magic(view: DataView): void {
    const magic = view.getUint32(0, true);
    this.#betweenFrames = false;
    if (magic === MAGIC) return this.#next(1, (it) => this.#descriptor(it));
    // The unpacker refuses anything that is not a frame.
    if ((magic & ~0xf) >>> 0 !== MAGIC_SKIPPABLE) {
      this.#skip = Infinity;
      return;
    }
    this.#next(4, (it) => {
      this.#skip = it.getUint32(0, true);
      this.#endFrame();
    });
  }

  #descriptor(view: DataView): void {
    const flags = view.getUint8(0);
    const isSingle = (flags & 0x20) !== 0;
    const sizeFlag = flags >> 6;
    this.#hasChecksum = (flags & 0x04) !== 0;
    this.#skip = (isSingle ? 0 : 1) +
      (DICTIONARY_ID_LENGTHS[flags & 3] ?? 0) +
      (sizeFlag === 0 && isSingle ? 1 : CONTENT_SIZE_LENGTHS[sizeFlag] ?? 0);
    this.#next(3, (it) => this.#block(it));
  }

  #block(view: DataView): void {
    const header = view.getUint16(0, true) + view.getUint8(2) * 0x10000;
    const isLast = (header & 1) === 1;
    this.#skip = (header >> 1 & 3) === BLOCK_RLE ? 1 : header >> 3;
    if (!isLast) return;
    if (this.#hasChecksum) this.#skip += 4;
    this.#endFrame();
  }

  #endFrame(): void {
    this.#frames++;
    this.#betweenFrames = true;
    this.#next(4, (it) => this.#magic(it));
  }
}
