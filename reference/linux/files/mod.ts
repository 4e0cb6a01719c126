/**
 * What Linux offers for files and no runtime does: the part of this room that
 * every command needs, in few modules.
 *
 * @module
 */

export { dataRanges } from "../data_ranges.ts";
export { isListening } from "../is_listening.ts";
export { tryLock } from "../try_lock.ts";
