/**
 * Returns JSON without characters that control a terminal or reverse the order
 * of text: strings in a file may contain anything, and JSON escapes little of
 * it.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => {
      let escaped = "";
      for (let at = 0; at < character.length; at++) {
        const unit = character.charCodeAt(at).toString(16);
        escaped += `\\u${unit.padStart(4, "0")}`;
      }
      return escaped;
    },
  );
}
