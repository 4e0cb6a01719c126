import { hex } from "../rules/mod.ts";
import { ByteReader } from "../bytes/mod.ts";

/** Types of extensions. */
const END = 0;
const BACKING_FORMAT = 0xe2792aca;

/**
 * Reads the extensions of a header; returns the format of the backing file if
 * one of them names it. Unknown extensions are skipped.
 *
 * @throws {FormatError} if one extends past the end (`qcow2-extension`)
 */
export function readBackingFormat(
  fileName: string,
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
): string | undefined {
  const reader = new ByteReader(fileName, bytes.subarray(start, end), {
    offset: start,
  });
  let format: string | undefined;
  while (reader.available >= 8) {
    const { offset } = reader;
    const type = reader.be32("extension type");
    const length = reader.be32("extension length");
    if (type === END) break;
    if (length > reader.available) {
      throw reader.formatError("qcow2-extension", {
        offset,
        found: `an extension of ${length} bytes`,
        expected: `at most ${reader.available}, up to ${hex(end)}`,
      });
    }
    const data = reader.bytes(length, "extension");
    if (type === BACKING_FORMAT) format = new TextDecoder().decode(data);
    const padding = (8 - length % 8) % 8;
    reader.bytes(Math.min(padding, reader.available), "extension padding");
  }
  return format;
}
