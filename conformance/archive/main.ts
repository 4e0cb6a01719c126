/**
 * Writes the archive of the vectors: `deno task vectors OUT.tar.gz`.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { vectorsArchive } from "./vectors_archive.ts";

if (import.meta.main) {
  const [out, ...others] = process.argv.slice(2);
  if (out === undefined || out.startsWith("-") || others.length > 0) {
    console.error("Usage: deno task vectors OUT.tar.gz");
    process.exitCode = 2;
  } else writeFileSync(out, vectorsArchive());
}
