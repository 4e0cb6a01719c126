import { DIRECT_ALIGNMENT } from "../lanes/mod.ts";

/** Refuses pages that are too small for direct I/O of a single page. */
export function checkDirectPages(name: string, pageSize: number): void {
  if (pageSize % DIRECT_ALIGNMENT === 0) return;
  throw new RangeError(
    `Cannot use direct I/O on ${JSON.stringify(name)}: its pages have ` +
      `${pageSize} bytes, expected a multiple of ${DIRECT_ALIGNMENT}`,
  );
}
