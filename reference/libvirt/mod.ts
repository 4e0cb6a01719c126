/**
 * Save images of libvirt: their texts, and their compression.
 *
 * @module
 */

export {
  type LibvirtTexts,
  readLibvirtHeader,
  readLibvirtTexts,
} from "./libvirt_image.ts";
export {
  unpackLibvirt,
  unpackLibvirtTo,
  type UnpackSummary,
} from "./unpack_libvirt.ts";
