import type { RuleSlug } from "../../../format/rules/mod.ts";
import type { IntegrityError } from "../../sources/mod.ts";

const REMEDIES: Partial<Record<RuleSlug, string>> = {
  "verity-data":
    "the file was damaged or changed after it was sealed: get it again",
  "verity-data-size":
    "the file was cut off or extended, or is still being copied: get it again",
  "verity-digest":
    "the file, its hashes and the digest do not belong together: get all " +
    "three of one version",
};
const GET_HASHES =
  "the hashes were damaged or changed: get them again, or seal the file " +
  "again and compare the digest";

/** Returns what to do about bytes that are not those of a digest. */
export function remedyOf({ rule }: IntegrityError): string {
  return REMEDIES[rule] ?? GET_HASHES;
}
