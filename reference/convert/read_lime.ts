import { hex } from "../../format/rules/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  SourceError,
} from "../sources/mod.ts";
import { AddressSpace, type PlacedRange } from "./address_space.ts";
import { checkOverlaps } from "./check_overlaps.ts";
import {
  AVML_MAGIC,
  LIME_HEADER_LENGTH,
  LIME_MAGIC,
  LIME_VERSION,
} from "./lime_layout.ts";

/** Maximum ranges that are read; a machine has a few. */
const RANGES_MAX = 0x10000;

/**
 * Opens the guest-physical memory in a file written by LiME.
 *
 * @throws {SourceError} if it is not such a file, if it is truncated, or if two
 * ranges differ at the same address
 *
 * @example
 * ```ts
 * import { openFileSource } from "../../mod.ts";
 * import { openLime } from "../doors/convert.ts";
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
    if (ranges.length === RANGES_MAX) {
      throw bad(
        source,
        at,
        `more than ${RANGES_MAX} ranges`,
        "at most that many",
      );
    }
    const range = await readRange(source, at, options);
    ranges.push(range);
    at = range.position + range.length;
  }
  const memory = new AddressSpace(source, ranges);
  await checkOverlaps(source, ranges, memory, options);
  return memory;
}

async function readRange(
  source: ByteSource,
  at: number,
  options?: ReadOptions,
): Promise<PlacedRange & { readonly position: number }> {
  const rest = source.byteLength - at - LIME_HEADER_LENGTH;
  if (rest < 0) {
    throw bad(source, at, `${rest + LIME_HEADER_LENGTH} bytes`, "a header");
  }
  const bytes = new Uint8Array(LIME_HEADER_LENGTH);
  await source.readInto(bytes, at, options);
  const header = new DataView(bytes.buffer);
  const magic = header.getUint32(0, true);
  if (magic !== LIME_MAGIC) {
    throw bad(
      source,
      at,
      magic === AVML_MAGIC
        ? "a compressed range of AVML"
        : `the magic ${hex(header.getUint32(0))}`,
      magic === AVML_MAGIC
        ? "an uncompressed one; convert it with avml-convert"
        : `"EMiL"`,
    );
  }
  const version = header.getUint32(4, true);
  if (version !== LIME_VERSION) {
    throw bad(
      source,
      at,
      `LiME version ${version}`,
      `version ${LIME_VERSION}; convert AVML's version 2 with avml-convert`,
    );
  }
  const first = header.getBigUint64(8, true);
  const last = header.getBigUint64(16, true);
  const [address, length] = [Number(first), Number(last - first + 1n)];
  if (length <= 0 || !Number.isSafeInteger(address + length)) {
    throw bad(
      source,
      at,
      `a range from 0x${first.toString(16)} to 0x${last.toString(16)}`,
      "one that ends after it starts, and below 2^53",
    );
  }
  if (length > rest) {
    throw bad(
      source,
      at,
      `a range of ${length} bytes, of which the file has ${rest}`,
      "all of them: the file was cut off",
    );
  }
  return { address, length, position: at + LIME_HEADER_LENGTH };
}

function bad(
  source: ByteSource,
  at: number,
  found: string,
  expected: string,
): SourceError {
  return new SourceError(
    source.name,
    `Cannot read ${JSON.stringify(source.name)} as LiME: byte ${hex(at)}: ` +
      `${found}, expected ${expected}`,
  );
}
