/**
 * The C library, and what it does with files that no runtime does: holes, locks,
 * read-ahead. Each of them needs the foreign function interface when it is used,
 * and reports if that is unavailable.
 *
 * @module
 */

export { dataRanges } from "./data_ranges.ts";
export { ERRNO, type ErrnoName, errnoName } from "./errno.ts";
export { fileData } from "./file_data.ts";
export {
  type ForeignFunction,
  foreignLibrary,
  type ForeignSignatures,
} from "./foreign_functions.ts";
export { canPunchHoles, punchHole } from "./punch_hole.ts";
export { SystemCallError } from "./system_call_error.ts";
export {
  check,
  closeDescriptor,
  type Linux,
  linux,
  linuxIfAny,
} from "./system_calls.ts";
export { tryLock } from "./try_lock.ts";
export { willNeed } from "./will_need.ts";
