/**
 * Bytes that are best read, looked at and written at a time: they stay in the
 * processor's cache from one step to the next, and the calls cost little.
 */
export const CHUNK = 0x40000;

/** The same where each read makes one wait, and several are under way at once. */
export const PARALLEL_CHUNK = 0x400000;
