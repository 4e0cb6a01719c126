/** Text without what would move a terminal's cursor or start a new line. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (character) =>
      `\\u{${character.charCodeAt(0).toString(16).padStart(2, "0")}}`,
  );
}
