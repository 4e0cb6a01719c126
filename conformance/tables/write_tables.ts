/**
 * Updates the tables of `conformance/README.md`, and `conformance/rules.json`.
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
import { RULES_JSON, rulesJson } from "./rules_json.ts";

if (import.meta.main) {
  writeFileSync(README, withTables());
  writeFileSync(RULES_JSON, rulesJson());
  const paths = [README, RULES_JSON].map((it) => fileURLToPath(it));
  execFileSync(process.execPath, ["fmt", "--quiet", ...paths]);
}
