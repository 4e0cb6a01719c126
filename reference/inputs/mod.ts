/**
 * Inputs named by the user: paths and URLs, and the formats of files that are
 * not snapshots.
 *
 * @module
 */

export { type KnownFile, knownFile } from "./known_file.ts";
export { sidecarPlace } from "./sidecar_place.ts";
export { sourceAddress } from "./source_address.ts";
