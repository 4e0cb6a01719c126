/**
 * XBZRLE: what changed in a page since it was sent last (SPEC 11.4). A delta
 * is a series of two runs, each behind its length: so many bytes stay, then so
 * many are replaced by those that follow. What it does not reach stays.
 *
 * @module
 */

/** Why a delta is refused, and where in it. */
export interface DeltaFault {
  /** Position in the delta, in bytes. */
  readonly position: number;
  /** What stands there, in words. */
  readonly found: string;
  /** What should stand there, in words. */
  readonly expected: string;
}

/** A length takes one byte, or two with 7 bits each, the lower ones first. */
const MORE = 0x80;
const LOW_BITS = 0x7f;

/**
 * Applies a delta to the page it was made against. What is wrong with it, if
 * anything is; the page is then of no use.
 */
export function applyXbzrle(
  page: Uint8Array,
  delta: Uint8Array,
): DeltaFault | undefined {
  let at = 0;
  let target = 0;
  /** The length at `at`, which is moved behind it; undefined where it is none. */
  function runLength(): number | undefined {
    const first = delta[at];
    if (first === undefined) return undefined;
    if (first < MORE) {
      at += 1;
      return first;
    }
    const second = delta[at + 1];
    if (second === undefined || second >= MORE) return undefined;
    at += 2;
    return (first & LOW_BITS) + second * MORE;
  }
  while (at < delta.length) {
    const start = at;
    const kept = runLength();
    if (kept === undefined || (kept === 0 && start > 0)) {
      return badLength(start, "a run that stays", kept);
    }
    const changedAt = at;
    const changed = runLength();
    if (changed === undefined || changed === 0) {
      return badLength(changedAt, "a run that is replaced", changed);
    }
    target += kept;
    if (target + changed > page.length) {
      return {
        position: start,
        found: `runs up to byte ${target + changed} of the page`,
        expected: `at most ${page.length}`,
      };
    }
    if (at + changed > delta.length) {
      return {
        position: changedAt,
        found: `${changed} bytes to replace with, of which ` +
          `${delta.length - at} are there`,
        expected: "all of them",
      };
    }
    page.set(delta.subarray(at, at + changed), target);
    at += changed;
    target += changed;
  }
  return undefined;
}

function badLength(
  position: number,
  what: string,
  length: number | undefined,
): DeltaFault {
  return {
    position,
    found: length === 0
      ? `${what} of 0 bytes`
      : `no whole length of ${what}, or one of more than 14 bits`,
    expected: "a length of one or two bytes, and more than 0",
  };
}
