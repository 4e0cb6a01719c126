/** Texts and comments, which are skipped, and each `import(` with what follows. */
const TOKENS =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[^]*?\*\/|\bimport\s*\(\s*(?<next>.?)/g;

/**
 * How many modules a source text imports by a name that is computed when it
 * runs: no bundler sees them.
 */
export function computedImports(text: string): number {
  let count = 0;
  for (const { groups } of text.matchAll(TOKENS)) {
    const next = groups?.next;
    // The name itself is part of what follows, and is skipped with the rest.
    if (next !== undefined && !`"'`.includes(next)) count++;
  }
  return count;
}
