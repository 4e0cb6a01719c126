import {
  type LibvirtSaveHeader,
  unpackCommand,
} from "../../../format/libvirt/mod.ts";

/** Formats of packed images that convert unpacks. */
const UNPACKED: readonly LibvirtSaveHeader["format"][] = ["gzip", "zstd"];

/** Whether convert takes a packed libvirt save image. */
export function isConvertible({ format }: LibvirtSaveHeader): boolean {
  return UNPACKED.includes(format);
}

/** Returns what a packed image is that convert does not take, and the remedy. */
export function unpackFirst(header: LibvirtSaveHeader, file: string): string {
  return `it is a libvirt save image packed by ${header.format}, expected raw, ` +
    `sparse, ${UNPACKED.join(" or ")}; unpack it first: ` +
    unpackCommand(header, file);
}
