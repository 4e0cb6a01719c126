import { DIRTY_BITMAP_SECTION_IDSTR } from "../../../format/stream/mod.ts";

/** When a live migration sends the state of a section. */
export type StateClass = "precopy only" | "compatible" | "postcopy only";

/**
 * RAM can be sent while the source runs and when the destination runs already;
 * dirty bitmaps are sent when the destination runs, if it is a postcopy; the
 * state of a device is sent in between, when neither does.
 */
export function stateClassOf(
  kind: "full" | "iterable",
  idstr: string,
): StateClass {
  if (kind === "full") return "precopy only";
  return idstr === DIRTY_BITMAP_SECTION_IDSTR ? "postcopy only" : "compatible";
}
