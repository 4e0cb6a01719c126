/**
 * Handling of libvirt save images whose stream is packed (SPEC 11.1).
 *
 * @module
 */

import type { StreamReader } from "../stream/stream_reader.ts";
import {
  LIBVIRT_HEADER_FIELDS,
  type LibvirtFormat,
  type LibvirtSaveHeader,
} from "./libvirt_save_header.ts";

/** The programs that unpack the stream of an image, each as a filter. */
const UNPACKERS: Readonly<Partial<Record<LibvirtFormat, string>>> = {
  gzip: "gzip -dc",
  bzip2: "bzip2 -dc",
  xz: "xz -dc",
  lzop: "lzop -dc",
  zstd: "zstd -dc",
};

/** Whether the stream of an image must be unpacked before it can be read. */
export function isPacked(header: LibvirtSaveHeader): boolean {
  return UNPACKERS[header.format] !== undefined;
}

/** Returns the command that unpacks the stream of a packed image to `OUT`. */
export function unpackCommand(
  header: LibvirtSaveHeader,
  file: string,
): string {
  const quoted = /^[\w./-]+$/.test(file)
    ? file
    : `'${file.replaceAll("'", "'\\''")}'`;
  return `tail -c +${header.streamOffset + 1} ${quoted} | ` +
    `${UNPACKERS[header.format] ?? "cat"} > OUT`;
}

/** Refuses a packed image, and names the command that unpacks it. */
export function refusePacked(
  reader: StreamReader,
  header: LibvirtSaveHeader,
): void {
  if (!isPacked(header)) return;
  throw reader.unsupportedError("libvirt-format", {
    feature: `libvirt image format ${header.format}`,
    offset: LIBVIRT_HEADER_FIELDS.format,
    found: `a stream packed by ${header.format}`,
    expected: `raw or sparse: unpack it with ` +
      `${unpackCommand(header, reader.fileName)}`,
  });
}
