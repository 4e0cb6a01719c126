import { isPacked, type LibvirtSaveHeader } from "../../format/libvirt/mod.ts";
import { findStreamKind } from "../../format/sequential/mod.ts";
import { type KnownFile, knownFile } from "../inputs/mod.ts";
import { readLibvirtHeader } from "../libvirt/mod.ts";
import { type ByteSource, drive, type ReadOptions } from "../sources/mod.ts";
import { ELF_MAGIC } from "./elf_layout.ts";
import { LIME_MAGIC } from "./lime_layout.ts";

/** Formats of a file with the memory of a guest. */
export type MemoryFormat =
  | "mapped-ram"
  | "sequential"
  | "packed"
  | "elf"
  | "lime"
  | "raw";

/** The format of a file, by its first bytes. */
export interface DetectedFormat {
  /**
   * `packed` is a libvirt save image with a packed stream. `undefined` is
   * anything else: flat memory looks like any other file, and is never
   * assumed.
   */
  readonly format: Exclude<MemoryFormat, "raw"> | undefined;
  /** What else the file is, if its first bytes are known. */
  readonly known?: KnownFile | undefined;
  /** Where the stream starts, if the file is one. */
  readonly offset: number;
  /** The header of the libvirt save image, if the file is one. */
  readonly libvirt?: LibvirtSaveHeader | undefined;
}

/**
 * Detects the format of a file from its first bytes: a mapped-ram file (or one
 * called fixed-ram), a sequential stream, either of them in a libvirt save
 * image, an ELF core or a LiME file.
 *
 * @throws {FormatError} if it starts like a stream but breaks a rule
 *
 * @example
 * ```ts
 * import { memorySource } from "../../mod.ts";
 * import { detectFormat } from "../doors/convert.ts";
 * import assert from "node:assert/strict";
 *
 * const memory = memorySource(new Uint8Array(4096));
 * assert.equal((await detectFormat(memory)).format, undefined);
 * ```
 */
export async function detectFormat(
  source: ByteSource,
  options: ReadOptions & { readonly offset?: number | undefined } = {},
): Promise<DetectedFormat> {
  const libvirt = options.offset === undefined
    ? await readLibvirtHeader(source, options)
    : undefined;
  const offset = options.offset ?? libvirt?.streamOffset ?? 0;
  if (libvirt !== undefined && isPacked(libvirt)) {
    return { format: "packed", offset, libvirt };
  }
  const kind = await drive(findStreamKind(source, offset), source, options);
  if (kind !== undefined) return { format: kind, offset, libvirt };
  if (libvirt !== undefined) {
    // The reader refuses it and reports the rule that it breaks.
    return { format: "mapped-ram", offset, libvirt };
  }
  const bytes = new Uint8Array(4);
  if (source.byteLength >= 4) await source.readInto(bytes, 0, options);
  const magic = new DataView(bytes.buffer);
  if (magic.getUint32(0) === ELF_MAGIC) return { format: "elf", offset: 0 };
  if (magic.getUint32(0, true) === LIME_MAGIC) {
    return { format: "lime", offset: 0 };
  }
  const known = await knownFile(source, options);
  return { format: undefined, known, offset: 0 };
}
