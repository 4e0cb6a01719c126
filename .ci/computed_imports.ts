/**
 * Strings and comments, which are skipped, and each `import(`, with its name if
 * that is one string without anything computed.
 */
const TOKENS =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[^]*?\*\/|(?<import>\bimport\s*\()(?<name>\s*(?:"[^"\\\n]*"|'[^'\\\n]*'|`[^`\\$]*`)\s*[,)])?/g;

/**
 * Counts the imports of a source text by a name computed at run time, which no
 * bundler sees.
 */
export function computedImports(text: string): number {
  let count = 0;
  for (const { groups } of text.matchAll(TOKENS)) {
    if (groups?.import !== undefined && groups.name === undefined) count++;
  }
  return count;
}
