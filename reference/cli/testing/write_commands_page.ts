/**
 * Updates the help texts in `docs/commands.md`.
 *
 * ```sh
 * deno run -A reference/cli/testing/write_commands_page.ts
 * ```
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { COMMANDS_PAGE, withHelpTexts } from "./commands_page.ts";

if (import.meta.main) writeFileSync(COMMANDS_PAGE, await withHelpTexts());
