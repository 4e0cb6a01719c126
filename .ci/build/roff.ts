/** Characters that roff would interpret or replace, and what prints them. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** Returns text that prints exactly as it is. */
export function literal(text: string): string {
  return text.replaceAll(/[\\'`^~-]/g, (it) => ESCAPES[it]);
}

/** Returns text in bold: what is typed as it is. */
export function bold(text: string): string {
  return `\\fB${literal(text)}\\fR`;
}

/** Returns text in italics, as placeholders are. */
export function italic(text: string): string {
  return `\\fI${literal(text)}\\fR`;
}

/** Words that are typed, and words in capitals that stand for something. */
const SYNTAX = /(?<typed>--?[a-z][\w-]*|[a-z\d][\w-]*)|(?<name>[A-Z][A-Z-]*)/g;

/** Returns a line of a usage: `info FILE|URL [options]`. */
export function usage(line: string): string {
  return marked(line, SYNTAX, (it) => /^options$|^[A-Z]/.test(it));
}

/** Returns prose: options are bold, and the names of operands italic. */
export function prose(text: string, names: readonly string[]): string {
  const words = new RegExp(
    ["--[a-z][a-z-]*[a-z]", ...names.map((it) => `\\b${it}\\b`)].join("|"),
    "g",
  );
  const line = text.replaceAll(/\s+/g, " ");
  return marked(line, words, (it) => names.includes(it));
}

/** Sets the matches of a pattern in italics or in bold. */
function marked(
  text: string,
  pattern: RegExp,
  isItalic: (word: string) => boolean,
): string {
  let made = "";
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const [word] = match;
    made += literal(text.slice(end, match.index));
    made += isItalic(word) ? italic(word) : bold(word);
    end = match.index + word.length;
  }
  return made + literal(text.slice(end));
}

/** Returns a section. */
export function section(title: string, ...lines: readonly string[]): string {
  return [`.SH ${title}`, ...lines].join("\n");
}

/** Returns an entry of a list: what it is, and what is said about it. */
export function item(head: string, text: string): string {
  return `.TP\n${head}\n${filled(text)}`;
}

const WIDTH = 78;

/**
 * Returns lines of text that are short, and no requests. A line may end with a
 * full stop without more space after it.
 */
export function filled(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > WIDTH) {
      lines.push(word);
    } else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map((it) =>
    it.replace(/^\./, "\\&.").replace(/[.?!:]$/, "$&\\&")
  ).join("\n");
}
