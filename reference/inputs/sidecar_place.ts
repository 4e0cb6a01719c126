import { sourceAddress } from "./source_address.ts";

const ENDING = ".verity";

/**
 * Returns where the sidecar of a file is, unless it is elsewhere (SPEC 14.8):
 * `NAME.verity` in the same folder; of a URL, the ending comes before a query.
 *
 * @throws {SourceError} if `file` is a URL of another kind, or not a valid one
 */
export function sidecarPlace(file: string): string {
  const address = sourceAddress(file);
  if (!(address instanceof URL)) return address + ENDING;
  const place = new URL(address);
  place.pathname += ENDING;
  return place.href;
}
