import { hex } from "../../format/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/byte_source.ts";
import { SourceError } from "../sources/source_error.ts";
import { AddressSpace, type PlacedRange } from "./address_space.ts";
import { LIME_HEADER_LENGTH, LIME_MAGIC, LIME_VERSION } from "./lime_layout.ts";

/** Most ranges that are read; a machine has a few. */
const RANGES_MAX = 0x10000;

/**
 * The guest-physical memory in a file that LiME wrote.
 *
 * @throws {SourceError} if it is no such file, or not all of it is there
 *
 * @example
 * ```ts
 * import { openFileSource, openLime } from "../../mod.ts";
 *
 * async function length(path: string): Promise<number> {
 *   using source = openFileSource(path);
 *   return (await openLime(source)).byteLength;
 * }
 * ```
 */
export async function openLime(
  source: ByteSource,
  options?: ReadOptions,
): Promise<AddressSpace> {
  const ranges: PlacedRange[] = [];
  for (let at = 0; at < source.byteLength;) {
    const rest = source.byteLength - at - LIME_HEADER_LENGTH;
    const bytes = new Uint8Array(LIME_HEADER_LENGTH);
    if (rest >= 0) await source.readInto(bytes, at, options);
    const header = new DataView(bytes.buffer);
    const address = Number(header.getBigUint64(8, true));
    const length = Number(header.getBigUint64(16, true)) + 1 - address;
    const known = header.getUint32(0, true) === LIME_MAGIC &&
      header.getUint32(4, true) === LIME_VERSION;
    const whole = length > 0 && length <= rest &&
      Number.isSafeInteger(address + length);
    if (!known || !whole || ranges.length === RANGES_MAX) {
      throw new SourceError(
        source.name,
        `Cannot read ${JSON.stringify(source.name)} as LiME: no whole range ` +
          `at ${hex(at)}, expected one of at most ${RANGES_MAX}`,
      );
    }
    ranges.push({ address, length, position: at + LIME_HEADER_LENGTH });
    at += LIME_HEADER_LENGTH + length;
  }
  return new AddressSpace(source, ranges);
}
