/**
 * Strings and comments, which are skipped, and each `import(` with the next
 * character.
 */
const TOKENS =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[^]*?\*\/|\bimport\s*\(\s*(?<next>.?)/g;

/**
 * Counts the imports of a source text by a name computed at run time, which no
 * bundler sees.
 */
export function computedImports(text: string): number {
  let count = 0;
  for (const { groups } of text.matchAll(TOKENS)) {
    const next = groups?.next;
    // The quoted name follows, and is skipped as a string.
    if (next !== undefined && !`"'`.includes(next)) count++;
  }
  return count;
}
