import { FROM_FORMATS, INPUTS, OUTPUTS, TO_FORMATS } from "./formats.ts";

const INDENT = 30;
const WIDTH = 80;

/** Returns the lines of the help text that list the formats. */
export function formatsHelp(): string {
  const titles = FROM_FORMATS.map((name) => INPUTS[name].title);
  const byName = TO_FORMATS.filter((name) => OUTPUTS[name].endings.length > 0)
    .map((name) => {
      const endings = OUTPUTS[name].endings.map((ending) => `.${ending}`);
      return `${listed(endings)} for ${name}`;
    });
  return [
    filled("IN", listed(titles)),
    filled(
      "OUT",
      `${byName.join("; ")}; a directory (which is created) for images; any ` +
        "other name for mapped-ram",
    ),
    filled("--from FORMAT", listed(FROM_FORMATS)),
    filled("--to FORMAT", listed(TO_FORMATS)),
  ].join("\n");
}

/** Returns words as a list in a sentence: `a, b or c`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  const others = words.slice(0, -1);
  return others.length === 0 ? last : `${others.join(", ")} or ${last}`;
}

/** Fills the lines of one entry of a help text. */
function filled(name: string, text: string): string {
  const lines = [`  ${name}`.padEnd(INDENT)];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1];
    const isFirst = line.length === INDENT;
    if (!isFirst && line.length + 1 + word.length > WIDTH) {
      lines.push(" ".repeat(INDENT) + word);
    } else lines[lines.length - 1] = `${line}${isFirst ? "" : " "}${word}`;
  }
  return lines.join("\n");
}
