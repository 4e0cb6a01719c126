/**
 * Runs in the emulated machine: prints the fs-verity digests of files that the
 * kernel enforces, as a JSON array; null for the others.
 *
 * ```sh
 * measure_files.ts FILE...
 * ```
 *
 * @module
 */

import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { measureVerity } from "../../../reference/doors/linux.ts";

const digests = process.argv.slice(2).map((path) => {
  const fd = openSync(path, "r");
  try {
    return measureVerity(fd) ?? null;
  } finally {
    closeSync(fd);
  }
});
console.log(JSON.stringify(digests));
