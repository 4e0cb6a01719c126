/**
 * The guest of the live demonstration reports on its standard output, in 32-bit
 * little-endian words, the number of each page after writing to it. This is the
 * last word, after which it writes no more.
 */
export const GUEST_STOPPED = 0xffffffff;

/** Size of the guest's pages in bytes. */
export const GUEST_PAGE_SIZE = 4096;
