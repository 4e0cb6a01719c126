const MAGIC = 0xfd2fb528;
/** Bytes of a dictionary id, and of the content size, by their flags. */
const DICTIONARY_ID_LENGTHS = [0, 1, 2, 4];
const CONTENT_SIZE_LENGTHS = [0, 2, 4, 8];
const BLOCK_RLE = 1;
const CHECKSUM_LENGTH = 4;
/**
 * Maximum window, which a decoder allocates: 8 MiB, as RFC 8878 recommends. A
 * cluster has at most 2 MiB.
 */
const WINDOW_BITS_MAX = 23;

/**
 * Returns the length of the zstd frame (RFC 8878) that starts these bytes;
 * undefined if they do not start with a whole one, or if it needs a window of
 * more than 8 MiB. A compressed cluster may be several frames, and ends with
 * bytes that are not part of it, which decoders refuse.
 */
export function zstdFrameLength(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 6 || view.getUint32(0, true) !== MAGIC) return undefined;
  const descriptor = bytes[4];
  // A frame of a single segment has no window but its content.
  const isSingle = (descriptor & 0x20) !== 0;
  if (!isSingle && windowBits(bytes[5]) > WINDOW_BITS_MAX) return undefined;
  const sizeFlag = descriptor >> 6;
  let at = 5 + (isSingle ? 0 : 1) + DICTIONARY_ID_LENGTHS[descriptor & 3] +
    (isSingle && sizeFlag === 0 ? 1 : CONTENT_SIZE_LENGTHS[sizeFlag]);
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) return undefined;
    const head = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
    isLast = (head & 1) === 1;
    at += 3 + ((head >> 1 & 3) === BLOCK_RLE ? 1 : head >> 3);
  }
  if ((descriptor & 4) !== 0) at += CHECKSUM_LENGTH;
  return at <= bytes.length ? at : undefined;
}

/** Returns the bits of a window, rounded up. */
function windowBits(descriptor: number): number {
  return 10 + (descriptor >> 3) + ((descriptor & 7) > 0 ? 1 : 0);
}
