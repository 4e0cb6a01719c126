import { DIRTY_BITMAP_SECTION_IDSTR } from "../../../format/stream/mod.ts";

/** The phase of a live migration in which the state of a section is sent. */
export type StateClass = "precopy only" | "compatible" | "postcopy only";

/**
 * RAM can be sent while the source runs and after the destination has started.
 * Dirty bitmaps are sent after the destination has started, in postcopy. The
 * state of a device is sent in between, when neither runs.
 */
export function stateClassOf(
  kind: "full" | "iterable",
  idstr: string,
): StateClass {
  if (kind === "full") return "precopy only";
  return idstr === DIRTY_BITMAP_SECTION_IDSTR ? "postcopy only" : "compatible";
}
