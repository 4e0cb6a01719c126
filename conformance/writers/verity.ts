/**
 * This repository's writer of sidecars as a program for the suite: two paths
 * in, a sidecar and its digest out.
 *
 * ```sh
 * deno task conformance --sealer deno run -A conformance/writers/verity.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import { createFileSink, openFileSource, sealSource } from "../../mod.ts";

/** Writes the sidecar of a file, and returns the answer for the suite. */
export async function seal(path: string, sidecar: string): Promise<object> {
  using source = openFileSource(path);
  const { digest } = await sealSource(source, createFileSink(sidecar));
  return { digest };
}

if (import.meta.main) {
  const [path = "", sidecar = ""] = process.argv.slice(2);
  console.log(JSON.stringify(await seal(path, sidecar)));
}
