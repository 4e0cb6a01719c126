/**
 * Temporary files and folders.
 *
 * @module
 */

export { createScratchSink } from "./scratch_sink.ts";
export { ScratchStore } from "./scratch_store.ts";
export { makeTemporaryFolder } from "./temporary_folder.ts";
