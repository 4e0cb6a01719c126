/**
 * Local files.
 *
 * @module
 */

export { builtinModule, builtinModuleIfAny, nodeFs } from "./builtin_module.ts";
export { fileError, notSeekable } from "./file_error.ts";
export {
  type FileLock,
  hasLocks,
  isOnLocalFileSystem,
  lockFile,
  type LockOptions,
  type TryLock,
} from "./file_lock.ts";
export {
  checkSameFile,
  identityAt,
  identityOf,
  removeName,
  renameToNew,
} from "./file_names.ts";
export {
  type FileSource,
  type FileSourceOptions,
  openFileSource,
} from "./file_source.ts";
export { type FileVersion, FileWatch } from "./file_watch.ts";
export { LocalFile } from "./local_file.ts";
export { livenessOf, ownUser, processIdentity } from "./process_identity.ts";
