import type { SaveSummary } from "../../saving/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { printLog } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";

/** Prints the RAMBlocks of a snapshot that was saved, and its size. */
export function printSaved(
  out: string,
  { blocks, byteLength, keptPages }: SaveSummary,
  pageSize: number,
  allocated: number | undefined,
  milliseconds: number,
): void {
  const header = [
    { title: "idstr" },
    { title: "size", right: true },
    { title: "pages", right: true },
    { title: "stored", right: true },
    { title: "", right: true },
    { title: "zero, left out", right: true },
  ];
  const rows = blocks.map(({ idstr, pageCount, presentCount }) => [
    idstr,
    formatBytes(pageCount * pageSize),
    formatCount(pageCount),
    formatCount(presentCount),
    formatShare(presentCount, pageCount),
    formatCount(pageCount - presentCount),
  ]);
  const onDisk = allocated === undefined
    ? ""
    : `, ${formatBytes(allocated)} on disk`;
  printLog([
    ...formatTable(header, rows),
    ...(keptPages === undefined
      ? []
      : [`${countOf(keptPages, "page")} already there, compared and kept`]),
    `${paint("green", "saved")} ${printable(out)} in ` +
    `${formatTime(milliseconds)}: ${formatBytes(byteLength)} long${onDisk}`,
  ].join("\n"));
}
