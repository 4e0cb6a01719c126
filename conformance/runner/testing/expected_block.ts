/** A RAMBlock of one page, as an `expected.json` describes it. */
export const EXPECTED_BLOCK = {
  idstr: "ram",
  usedLength: 4096,
  pageSize: 4096,
  bitmapOffset: 129,
  pagesOffset: 4096,
  presentRuns: [[0, 1]],
  sha256: "aa",
} as const;
