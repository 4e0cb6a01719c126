/**
 * The header of libvirt save images, and the programs that pack them.
 *
 * @module
 */

export { isPacked, unpackCommand } from "./libvirt_packing.ts";
export {
  LIBVIRT_HEADER_FIELDS,
  type LibvirtFormat,
  type LibvirtSaveHeader,
  libvirtText,
  readLibvirtSaveHeader,
} from "./libvirt_save_header.ts";
