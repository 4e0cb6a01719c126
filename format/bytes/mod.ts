/**
 * Reading and writing bytes, and walks over a file that request them.
 *
 * @module
 */

export { type ByteRange, rangeEnd } from "./byte_range.ts";
export { ByteReader } from "./byte_reader.ts";
export { ByteWriter } from "./byte_writer.ts";
export { GrowingBytes } from "./growing_bytes.ts";
export { hexBytes, hexText } from "./hex_text.ts";
export type { ByteRequest, Walk, WalkedFile } from "./walk.ts";
