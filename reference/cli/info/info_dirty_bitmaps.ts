import type { DirtyBitmap } from "../../../format/dirty_bitmaps/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf } from "../output/format_count.ts";
import { print } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";

/** Prints the dirty bitmaps of block devices, if there are any. */
export function printDirtyBitmaps(bitmaps: readonly DirtyBitmap[]): void {
  if (bitmaps.length === 0) return;
  print("");
  print(paint("bold", countOf(bitmaps.length, "dirty bitmap")));
  const header = [
    { title: "node" },
    { title: "bitmap" },
    { title: "granularity", right: true },
    { title: "flags", optional: true },
    { title: "dirty", right: true },
    { title: "of", right: true, optional: true },
  ];
  const rows = bitmaps.map((it) => [
    printable(it.node),
    printable(it.name),
    formatBytes(it.granularity),
    flagsOf(it),
    formatBytes(it.dirtyBytes),
    formatBytes(it.coveredBytes),
  ]);
  for (const line of formatTable(header, rows)) print(line);
}

function flagsOf({ enabled, persistent, complete }: DirtyBitmap): string {
  return [
    enabled ? "enabled" : "disabled",
    ...(persistent ? ["persistent"] : []),
    ...(complete ? [] : ["incomplete"]),
  ].join(", ");
}
