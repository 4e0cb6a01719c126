/**
 * Save images of libvirt: their texts, and what packed them.
 *
 * @module
 */

export type { LibvirtTexts } from "./libvirt_image.ts";
export { readLibvirtHeader, readLibvirtTexts } from "./libvirt_image.ts";
export type { UnpackSummary } from "./unpack_libvirt.ts";
export { unpackLibvirt, unpackLibvirtTo } from "./unpack_libvirt.ts";
