import {
  type LibvirtSaveHeader,
  unpackCommand,
} from "../../../format/libvirt/mod.ts";

/** Packed formats that `convert` unpacks. */
const UNPACKED: readonly LibvirtSaveHeader["format"][] = ["gzip", "zstd"];

/** Whether `convert` accepts a packed libvirt save image. */
export function isConvertible({ format }: LibvirtSaveHeader): boolean {
  return UNPACKED.includes(format);
}

/**
 * Returns the reason and remedy for an image that `convert` does not accept.
 */
export function unpackFirst(header: LibvirtSaveHeader, file: string): string {
  return `it is a libvirt save image packed by ${header.format}, expected raw, ` +
    `sparse, ${UNPACKED.join(" or ")}; unpack it first: ` +
    unpackCommand(header, file);
}
