/** Characters of somebody else's words that are passed on. */
const LENGTH_MAX = 2000;

/**
 * What another program says, for an error's message: in one line, of bounded
 * length, without characters that would move a terminal's cursor.
 */
export function quoteWords(text: string): string {
  const words = text.slice(0, LENGTH_MAX).trim()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  return text.length > LENGTH_MAX ? `${words} …` : words;
}

/** What a program printed, for an error's message: its lines, and nothing else. */
export function plainLines(text: string): string {
  return text.trim().replace(/[^\P{Cc}\n]+/gu, " ");
}
