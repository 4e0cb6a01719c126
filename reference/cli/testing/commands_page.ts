import { readFileSync } from "node:fs";
import { COMMANDS } from "../commands.ts";
import { helpText } from "../program/help_text.ts";

/** The page with the help texts of all commands. */
export const COMMANDS_PAGE = new URL(
  "../../../docs/commands.md",
  import.meta.url,
);

const START =
  "<!-- commands: made by reference/cli/testing/write_commands_page.ts -->";
const END = "<!-- end of commands -->";

/** Returns the page with the help texts that the commands print now. */
export async function withHelpTexts(
  page = readFileSync(COMMANDS_PAGE, "utf8"),
): Promise<string> {
  const from = page.indexOf(START), to = page.indexOf(END);
  if (from < 0 || to < from) {
    throw new Error(`Cannot update docs/commands.md: no ${START} and ${END}`);
  }
  const parts = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { load }]) => {
      const help = helpText(await load(), "deno task");
      return `### ${name}\n\n\`\`\`text\n${help}\n\`\`\`\n\n`;
    }),
  );
  const head = page.slice(0, from + START.length);
  return `${head}\n\n${parts.join("")}${page.slice(to)}`;
}
