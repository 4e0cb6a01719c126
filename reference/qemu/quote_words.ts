/** Maximum characters quoted from another program. */
const LENGTH_MAX = 2000;

/**
 * Formats the output of another program for an error message: one line, of
 * bounded length, without characters that would move a terminal's cursor.
 */
export function quoteWords(text: string): string {
  const words = text.slice(0, LENGTH_MAX)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return text.length > LENGTH_MAX ? `${words} …` : words;
}

/** Number of lines of a program's output that an error message has. */
const LINES_MAX = 3;

/** Formats the last lines that a program printed for an error message. */
export function lastLines(text: string): string {
  return text.slice(-LENGTH_MAX).split("\n").map(quoteWords)
    .filter((line) => line !== "").slice(-LINES_MAX).join("; ");
}
