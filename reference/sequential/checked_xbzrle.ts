import { FormatError } from "../../format/rules/mod.ts";
import { applyXbzrle, type RamRecord } from "../../format/sequential/mod.ts";

/** Applies a delta to the previous contents of a page, or refuses it. */
export function checkedXbzrle(
  page: Uint8Array,
  { block, data, offset }: RamRecord,
  fileName: string,
): void {
  const fault = applyXbzrle(page, data);
  if (fault === undefined) return;
  throw new FormatError(fileName, {
    rule: "record-xbzrle",
    idstr: block.idstr,
    offset: offset + fault.position,
    found: fault.found,
    expected: fault.expected,
  });
}
