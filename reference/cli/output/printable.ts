/** Control characters, and what separates lines and paragraphs. */
// deno-lint-ignore no-control-regex -- they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Text without what would move a terminal's cursor or start a new line. */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) =>
      `\\u{${character.charCodeAt(0).toString(16).padStart(2, "0")}}`,
  );
}
