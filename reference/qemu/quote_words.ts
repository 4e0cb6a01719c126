/** Maximum characters quoted from another program. */
const LENGTH_MAX = 2000;

/**
 * Formats the output of another program for an error message: one line, of
 * bounded length, without characters that would move a terminal's cursor.
 */
export function quoteWords(text: string): string {
  const words = text.slice(0, LENGTH_MAX).trim()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  return text.length > LENGTH_MAX ? `${words} …` : words;
}

/** Formats the output of a program for an error message: its lines only. */
export function plainLines(text: string): string {
  return text.trim().replace(/[^\P{Cc}\n]+/gu, " ");
}
