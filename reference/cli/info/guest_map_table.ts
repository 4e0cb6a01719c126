import { hex } from "../../../format/rules/mod.ts";
import {
  type GuestMap,
  guestMap,
  GuestMapError,
  imageOf,
} from "../../convert/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { printable } from "../output/printable.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";

/** The guest's memory map; undefined if it is unknown. */
export async function knownGuestMap(
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<GuestMap | undefined> {
  try {
    return await guestMap(imageOf(snapshot), { signal });
  } catch (error) {
    if (error instanceof GuestMapError) return undefined;
    throw error;
  }
}

/** Returns the lines of the guest's memory map. */
export function formatGuestMap(
  map: GuestMap | undefined,
): string[] {
  const title = paint("bold", "Guest-physical addresses");
  if (map === undefined) {
    return [`${title} are unknown for this machine type`];
  }
  const header = [
    { title: "first", right: true },
    { title: "last", right: true },
    { title: "size", right: true },
    { title: "idstr" },
    { title: "offset", right: true, optional: true },
  ];
  const rows = map.ranges.map(({ address, length, idstr, offset }) => [
    hex(address),
    hex(address + length - 1),
    formatBytes(length),
    idstr,
    hex(offset),
  ]);
  const lines = [title, ...formatTable(header, rows)];
  const ram = map.unplaced.filter(({ kind }) => kind === "ram");
  const others = map.unplaced.filter(({ kind }) => kind !== "ram");
  for (
    const [blocks, what] of [
      [ram, "RAM whose address is not in the file"],
      [others, "at no known address"],
    ] as const
  ) {
    if (blocks.length === 0) continue;
    lines.push(`  ${what}:`);
    for (const { idstr, length } of blocks) {
      lines.push(printable(`    ${idstr} (${formatBytes(length)})`));
    }
  }
  return lines;
}
