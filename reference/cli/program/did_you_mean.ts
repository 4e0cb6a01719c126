/**
 * Returns a hint that follows a mistyped word: ` (did you mean "save"?)`, or
 * nothing if no candidate is close. A missing hyphen or dot costs nothing. Words
 * that a single candidate starts with, or has after a hyphen, mean it, too.
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
 * assert.equal(
 *   didYouMean("--record", ["--record-to", "--replay"]),
 *   ' (did you mean "--record-to"?)',
 * );
 * assert.equal(didYouMean("x", ["save", "load"]), "");
 * ```
 */
export function didYouMean(
  word: string,
  candidates: readonly string[],
): string {
  if (word.length > WORD_MAX) return "";
  const meant = closest(word, candidates) ?? onlyWith(word, candidates);
  return meant === undefined ? "" : ` (did you mean ${JSON.stringify(meant)}?)`;
}

/** Returns words as a list in a sentence: `a, b or c`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  const others = words.slice(0, -1);
  return others.length === 0 ? last : `${others.join(", ")} or ${last}`;
}

/** Returns the candidate with the fewest differences, unless they are many. */
function closest(
  word: string,
  candidates: readonly string[],
): string | undefined {
  let found: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    if (candidate.length > WORD_MAX) continue;
    const [typed, meant] = [plain(word), plain(candidate)];
    // A swap of letters is likelier than another letter.
    const swaps = sorted(typed) === sorted(meant) ? 0.5 : 0;
    const distance = editDistance(typed, meant) - swaps;
    if (distance < least) [found, least] = [candidate, distance];
  }
  const isClose = found !== undefined && least <= Math.floor(found.length / 3);
  return isClose ? found : undefined;
}

/** Returns the only candidate that starts with the word, or has it later. */
function onlyWith(
  word: string,
  candidates: readonly string[],
): string | undefined {
  const part = parted(word);
  if (part.length < PART_MIN) return undefined;
  const found = candidates.filter((it) => parted(it).includes(part));
  return found.length === 1 ? found[0] : undefined;
}

/** The shortest part of a word that means it: a hyphen and two letters. */
const PART_MIN = 3;

/** Returns the word with exactly one hyphen before each part. */
function parted(word: string): string {
  return `-${word}`.replace(/[-_\u2010-\u2015\u2212]+/g, "-").toLowerCase();
}

/**
 * Longer words are not compared: the time grows with the product of lengths.
 */
const WORD_MAX = 64;

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_. \u2010-\u2015\u2212]/g, "");
}

function sorted(word: string): string {
  return [...word].sort().join("");
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
