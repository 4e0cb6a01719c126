import { UsageError } from "../program/usage_error.ts";

/**
 * Splits a command line into words as a shell does: at blanks, except within
 * '…' and "…" and after \. No other character is special.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  const parts = text.matchAll(
    /(\s+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(.)/gs,
  );
  for (const [, blank, single, double, escaped, plain, rest] of parts) {
    if (rest !== undefined) {
      throw new UsageError(
        `Cannot split ${JSON.stringify(text)} into words: ` +
          `${rest === "\\" ? "nothing follows" : "nothing closes"} ${rest}`,
      );
    }
    if (blank !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      const unquoted = double?.replace(/\\(["\\$`])/g, "$1");
      word = (word ?? "") + (single ?? unquoted ?? escaped ?? plain);
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Returns a command line that a shell splits into these words. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
  ).join(" ");
}
