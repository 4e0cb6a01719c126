/**
 * Layout of LiME files: a header before each range, little-endian.
 *
 * @module
 */

/** "EMiL", as a little-endian number. */
export const LIME_MAGIC = 0x4c694d45;
export const LIME_VERSION = 1;
/** "AVML", as a little-endian number: the start of compressed ranges. */
export const AVML_MAGIC = 0x4c4d5641;
/** Magic, version, first address, last address, 8 reserved bytes. */
export const LIME_HEADER_LENGTH = 32;
