import type { Verity } from "../input/place_options.ts";

/** Returns the digest, if what was read is checked. */
export function digestRow(verity: Verity | undefined): [string, string][] {
  return verity === undefined
    ? []
    : [["digest", `${verity.digest}, checked as far as read`]];
}
