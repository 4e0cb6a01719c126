/**
 * What a file is by its first bytes, where it is no snapshot.
 *
 * @module
 */

export { type KnownFile, knownFile } from "./known_file.ts";
