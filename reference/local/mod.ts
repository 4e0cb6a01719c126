/**
 * Files of this machine.
 *
 * @module
 */

export type { FileSource, FileSourceOptions } from "./file_source.ts";
export { openFileSource } from "./file_source.ts";
export type { SocketPlaceOptions } from "./socket_place.ts";
export { SocketPlace } from "./socket_place.ts";
export { makeTemporaryFolder } from "./temporary_folder.ts";
