/**
 * Local files.
 *
 * @module
 */

export { builtinModule } from "./builtin_module.ts";
export { fileError, notSeekable, reasonOf } from "./file_error.ts";
export {
  type FileLock,
  hasLocks,
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
export { LocalFile } from "./local_file.ts";
export { isOnLocalFileSystem } from "./local_file_system.ts";
export { nodeFs } from "./node_fs.ts";
export { ownUser } from "./own_user.ts";
export { livenessOf, processIdentity } from "./process_identity.ts";
