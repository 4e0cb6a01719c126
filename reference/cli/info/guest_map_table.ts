import { hex } from "../../../format/mod.ts";
import {
  guestMap,
  GuestMapError,
  type GuestRange,
  imageOf,
} from "../../convert/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";

/** The guest-physical ranges of a snapshot; undefined where they are not known. */
export async function knownGuestMap(
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<readonly GuestRange[] | undefined> {
  try {
    return await guestMap(imageOf(snapshot), { signal });
  } catch (error) {
    if (error instanceof GuestMapError) return undefined;
    throw error;
  }
}

/** Lines that say where the guest sees its RAM. */
export function formatGuestMap(
  ranges: readonly GuestRange[] | undefined,
): string[] {
  const title = paint("bold", "Guest-physical addresses");
  if (ranges === undefined) {
    return [`${title} are not known of this machine type`];
  }
  const header = [
    { title: "first", right: true },
    { title: "last", right: true },
    { title: "size", right: true },
    { title: "idstr" },
    { title: "offset", right: true, optional: true },
  ];
  const rows = ranges.map(({ address, length, idstr, offset }) => [
    hex(address),
    hex(address + length - 1),
    formatBytes(length),
    idstr,
    hex(offset),
  ]);
  return [title, ...formatTable(header, rows)];
}
