/**
 * Returns a hint that follows a mistyped word: ` (did you mean "save"?)`, or
 * nothing if no candidate is close. A missing hyphen or dot costs nothing.
 *
 * @example
 * ```ts
 * import { didYouMean } from "./did_you_mean.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(
 *   didYouMean("saev", ["save", "load"]),
 *   ' (did you mean "save"?)',
 * );
 * assert.equal(didYouMean("pcram", ["pc.ram"]), ' (did you mean "pc.ram"?)');
 * assert.equal(didYouMean("x", ["save", "load"]), "");
 * ```
 */
export function didYouMean(
  word: string,
  candidates: readonly string[],
): string {
  if (word.length > WORD_MAX) return "";
  let closest: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    if (candidate.length > WORD_MAX) continue;
    const distance = editDistance(plain(word), plain(candidate));
    if (distance < least) [closest, least] = [candidate, distance];
  }
  if (closest === undefined || least > Math.floor(closest.length / 3)) {
    return "";
  }
  return ` (did you mean ${JSON.stringify(closest)}?)`;
}

/**
 * Longer words are not compared: the time grows with the product of lengths.
 */
const WORD_MAX = 64;

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, "");
}

/** Counts the insertions, deletions, replacements and swaps from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replace);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] &&
        a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length];
}
