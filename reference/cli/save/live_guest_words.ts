/**
 * What the guest of the live demonstration tells on its standard output, in words
 * of 32 bits, little-endian: the number of each page that it wrote, behind the
 * write. The last word is this one; it writes no more behind it.
 */
export const GUEST_STOPPED = 0xffffffff;

/** Size of the guest's pages in bytes. */
export const GUEST_PAGE_SIZE = 4096;
