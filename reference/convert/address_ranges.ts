/** Bytes at an address. */
export interface AddressRange {
  /** Address of the first byte. */
  readonly address: number;
  /** Number of bytes. */
  readonly length: number;
}

/** Returns the parts of `ranges` that are not in others, by address. */
export function subtractRanges(
  ranges: readonly AddressRange[],
  others: readonly AddressRange[],
): AddressRange[] {
  const byAddress = (a: AddressRange, b: AddressRange) => a.address - b.address;
  const sorted = others.toSorted(byAddress);
  const result: AddressRange[] = [];
  let first = 0;
  for (const { address, length } of ranges.toSorted(byAddress)) {
    const end = address + length;
    let at = address;
    // A range that ends before this one cannot overlap later ones either.
    while (first < sorted.length && endOf(sorted[first]) <= address) first++;
    for (let index = first; index < sorted.length; index++) {
      const other = sorted[index];
      if (other.address >= end) break;
      if (other.address > at) {
        result.push({ address: at, length: other.address - at });
      }
      at = Math.max(at, endOf(other));
    }
    if (at < end) result.push({ address: at, length: end - at });
  }
  return joined(result);
}

function endOf({ address, length }: AddressRange): number {
  return address + length;
}

/** Joins ranges that start where the previous one ends. */
function joined(ranges: readonly AddressRange[]): AddressRange[] {
  const result: AddressRange[] = [];
  for (const { address, length } of ranges) {
    const last = result.at(-1);
    if (last === undefined || endOf(last) < address) {
      result.push({ address, length });
    } else {
      const end = Math.max(endOf(last), address + length);
      result[result.length - 1] = {
        address: last.address,
        length: end - last.address,
      };
    }
  }
  return result;
}
