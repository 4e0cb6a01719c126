/**
 * XBZRLE: the changes in a page since it was last sent (SPEC 11.4). A delta is
 * a series of pairs of lengths: that many bytes are unchanged, then that many
 * are replaced by the bytes that follow the second length. Bytes past the last
 * pair are unchanged.
 *
 * @module
 */

/** Why a delta is refused, and at which position in it. */
export interface DeltaFault {
  /** Position in the delta, in bytes. */
  readonly position: number;
  /** The content found there, in words. */
  readonly found: string;
  /** The expected content, in words. */
  readonly expected: string;
}

/** A length has one byte, or two of 7 bits each, the lower ones first. */
const MORE = 0x80;
const LOW_BITS = 0x7f;

/**
 * Applies a delta to the page that it was made against. Returns the fault of the
 * delta, if any; the contents of the page are then undefined.
 */
export function applyXbzrle(
  page: Uint8Array,
  delta: Uint8Array,
): DeltaFault | undefined {
  let at = 0;
  let target = 0;
  /**
   * Reads the length at `at` and moves past it; undefined if it is not valid.
   */
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
      return badLength(start, "an unchanged run", kept);
    }
    const changedAt = at;
    const changed = runLength();
    if (changed === undefined || changed === 0) {
      return badLength(changedAt, "a replaced run", changed);
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
        found: `${changed} replacement bytes, of which ` +
          `${delta.length - at} are present`,
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
      : `an incomplete length of ${what}, or one of more than 14 bits`,
    expected: "a length of one or two bytes, greater than 0",
  };
}
