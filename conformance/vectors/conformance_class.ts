import type { Rule } from "../../mod.ts";
import type { Expected } from "./list_vectors.ts";

/** A class of SPEC.md 10.1 that a reader can conform to. */
export type ConformanceClass =
  | "core"
  | "verifier"
  | "foreign-bitmaps"
  | Exclude<Rule["part"], "core">;

/** The classes in the order of SPEC.md, with the names that it gives them. */
export const CLASS_NAMES: Readonly<Record<ConformanceClass, string>> = {
  "core": "Core reader",
  "verifier": "Verifier",
  "foreign-bitmaps": "Foreign bitmaps",
  "libvirt": "libvirt",
  "fixed-ram": "fixed-ram",
  "dirty-bitmaps": "Dirty bitmaps",
  "sequential": "Sequential",
  "profile": "Profile",
  "verified": "Verified reader",
  "packed": "Packed reader",
};

/** Bytes in which a configuration lists its capabilities. */
const HEAD_LENGTH = 512;

/** Returns the classes whose readers must agree with a vector. */
export function classesOf(
  expected: Expected,
  bytes: Uint8Array,
): ConformanceClass[] {
  const { options = {}, profile, profileError, verity, verityError } = expected;
  if (verity !== undefined || verityError !== undefined) return ["verified"];
  if (profile !== undefined || profileError !== undefined) return ["profile"];
  const { packed, packedError } = expected;
  if (packed !== undefined || packedError !== undefined) return ["packed"];
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD_LENGTH));
  // A caller who passes the offset of its stream reads it as a plain file.
  if (head.startsWith("LibvirtQemud") && !options.offset) {
    return ["libvirt"];
  }
  if (head.includes("\tfixed-ram")) return ["fixed-ram"];
  if (
    options.bitmapByteOrder !== undefined ||
    options.bitmapWordSize !== undefined
  ) return ["foreign-bitmaps"];
  const { sequential, sequentialError } = expected;
  if (sequential !== undefined || sequentialError !== undefined) {
    return ["core", "sequential"];
  }
  const { dirtyBitmaps, dirtyBitmapsError } = expected;
  return dirtyBitmaps !== undefined || dirtyBitmapsError !== undefined
    ? ["core", "dirty-bitmaps"]
    : ["core", "verifier"];
}
