import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  type LibvirtSaveHeader,
  libvirtText,
  readLibvirtSaveHeader,
} from "../../format/libvirt/mod.ts";
import { FormatError } from "../../format/rules/mod.ts";
import { StreamReader } from "../../format/stream/mod.ts";
import { type ByteSource, drive, type ReadOptions } from "../sources/mod.ts";

/** Texts of a libvirt save image. */
export interface LibvirtTexts {
  /** The domain, as printed by `virsh save-image-dumpxml`. */
  readonly xml: string;
  /** Internal data of libvirt, also XML; not every image has it. */
  readonly cookie?: string;
}

/** Maximum bytes of a text that are read: 16 MiB. */
const TEXT_MAX = 0x1000000;
const CHUNK = 0x10000;

/**
 * Reads the header of a libvirt save image; undefined if the file is not one.
 *
 * @throws {FormatError} if the image breaks a rule, such as an unfinished one
 *
 * @example
 * ```ts
 * import { memorySource } from "../../mod.ts";
 * import { readLibvirtHeader } from "../doors/convert.ts";
 * import assert from "node:assert/strict";
 *
 * const source = memorySource(new TextEncoder().encode("QEVM"));
 * assert.equal(await readLibvirtHeader(source), undefined);
 * ```
 */
export async function readLibvirtHeader(
  source: ByteSource,
  options: ReadOptions = {},
): Promise<LibvirtSaveHeader | undefined> {
  const walk = readLibvirtSaveHeader(new StreamReader(source, 0));
  return await drive(walk, source, options);
}

/**
 * Reads the XML and the cookie of a libvirt save image.
 *
 * @throws {FormatError} if one of them is longer than 16 MiB
 *
 * @example
 * ```ts
 * import { openFileSource } from "../../mod.ts";
 * import {
 *   readLibvirtHeader,
 *   readLibvirtTexts,
 * } from "../doors/convert.ts";
 *
 * async function domain(path: string): Promise<string | undefined> {
 *   using source = openFileSource(path);
 *   const header = await readLibvirtHeader(source);
 *   return header && (await readLibvirtTexts(source, header)).xml;
 * }
 * ```
 */
export async function readLibvirtTexts(
  source: ByteSource,
  header: LibvirtSaveHeader,
  options: ReadOptions = {},
): Promise<LibvirtTexts> {
  const xml = await readText(source, header.xml, options);
  return header.cookie === undefined
    ? { xml }
    : { xml, cookie: await readText(source, header.cookie, options) };
}

/** Reads up to the NUL: much room may follow it. */
async function readText(
  source: ByteSource,
  { offset, length }: ByteRange,
  options: ReadOptions,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  for (let done = 0; done < length; done += CHUNK) {
    if (done >= TEXT_MAX) {
      throw new FormatError(source.name, {
        rule: "libvirt-data",
        offset,
        found: `a text of more than ${TEXT_MAX} bytes`,
        expected: "a NUL before that",
      });
    }
    const piece = new Uint8Array(Math.min(CHUNK, length - done));
    await source.readInto(piece, offset + done, options);
    pieces.push(piece);
    if (piece.includes(0)) break;
  }
  const bytes = new Uint8Array(
    pieces.reduce((sum, it) => sum + it.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return libvirtText(bytes);
}
