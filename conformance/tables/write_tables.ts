/**
 * Updates the tables of `conformance/README.md`; run `deno fmt` afterwards.
 *
 * ```sh
 * deno run -A conformance/tables/write_tables.ts
 * ```
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { README, withTables } from "./readme_tables.ts";

if (import.meta.main) writeFileSync(README, withTables());
