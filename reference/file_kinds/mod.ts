/**
 * Recognition of files that are not snapshots by their first bytes.
 *
 * @module
 */

export { type KnownFile, knownFile } from "./known_file.ts";
