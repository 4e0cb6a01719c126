/**
 * Updates the tables of `conformance/README.md`, and formats it.
 *
 * ```sh
 * deno run -A conformance/tables/write_tables.ts
 * ```
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { README, withTables } from "./readme_tables.ts";

if (import.meta.main) {
  writeFileSync(README, withTables());
  const path = fileURLToPath(README);
  execFileSync(process.execPath, ["fmt", "--quiet", path]);
}
