/**
 * Loads pages for a guest that is already running: faulting pages first, the
 * rest in the background.
 *
 * @module
 */

export type {
  ByteSpan,
  PageInstaller,
  PostcopyMemory,
  SyncPostcopyMemory,
} from "./page_installer.ts";
export {
  PostcopyLoader,
  type PostcopyLoaderOptions,
} from "./postcopy_loader.ts";
export { SyncPostcopyLoader } from "./sync_postcopy_loader.ts";
export type { LoadPendingOptions } from "./unasked_runs.ts";
