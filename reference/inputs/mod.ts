/**
 * What a user names as an input: a path or a URL, and what a file that is no
 * snapshot is by its first bytes.
 *
 * @module
 */

export { type KnownFile, knownFile } from "./known_file.ts";
export { sourceAddress } from "./source_address.ts";
