/**
 * Local files.
 *
 * @module
 */

export { BackingFiles } from "./backing_files.ts";
export { builtinModule } from "./builtin_module.ts";
export { DIRECT_ALIGNMENT, DirectFile } from "./direct_file.ts";
export { fileError, notSeekable } from "./file_error.ts";
export {
  type FileLock,
  hasLocks,
  lockFile,
  type LockOptions,
  type TryLock,
} from "./file_lock.ts";
export {
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
export { ScratchStore } from "./scratch_store.ts";
export { SocketPlace, type SocketPlaceOptions } from "./socket_place.ts";
export { isSparse, SparseFile } from "./sparse_file.ts";
export { makeTemporaryFolder } from "./temporary_folder.ts";
