import type { ByteRange } from "../../format/bytes/mod.ts";
import type { OwnedPart, Sharing } from "./content_owners.ts";

/** A part of two ranges that is known to be the same. */
export interface CommonPart extends ByteRange {
  readonly sharing: Sharing;
}

/**
 * Yields the parts of two ranges of one length whose bytes have the same place,
 * with their offsets in the ranges.
 */
export function* commonParts(
  a: readonly OwnedPart[],
  b: readonly OwnedPart[],
): Generator<CommonPart> {
  let indexA = 0;
  let indexB = 0;
  /** Where the current parts start. */
  let startA = 0;
  let startB = 0;
  while (indexA < a.length && indexB < b.length) {
    const one = a[indexA];
    const other = b[indexB];
    const endA = startA + one.length;
    const endB = startB + other.length;
    const end = Math.min(endA, endB);
    const { sharing } = one;
    if (sharing !== undefined && sharing === other.sharing) {
      // All zeros are the same, wherever they are.
      const isSame = sharing === "zero" || one.owner === other.owner &&
          one.position - startA === other.position - startB;
      const offset = Math.max(startA, startB);
      if (isSame) yield { offset, length: end - offset, sharing };
    }
    if (end === endA) {
      startA = endA;
      indexA++;
    }
    if (end === endB) {
      startB = endB;
      indexB++;
    }
  }
}
