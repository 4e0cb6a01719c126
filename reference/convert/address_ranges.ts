/** Bytes at an address. */
export interface AddressRange {
  /** Address of the first byte. */
  readonly address: number;
  /** How many bytes. */
  readonly length: number;
}

/** What some ranges have that others do not, by address. */
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
    // What ends before this range is of no use to the next one either.
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

/** Ranges that start where the one before ends are one. */
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
