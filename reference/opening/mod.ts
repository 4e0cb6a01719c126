/**
 * Opening what the user names: a path or a URL, plain or a qcow2 image, checked
 * or not.
 *
 * @module
 */

export { isLocalPlace, openLocalPlace } from "./open_local_place.ts";
export { openPlace } from "./open_place.ts";
export { OpenedFiles, type Transfer } from "./opened_files.ts";
export type { LocalPlace, OpenedPlace, Place, PlaceVerity } from "./place.ts";
