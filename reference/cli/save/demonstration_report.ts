import type { SaveSummary } from "../../saving/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { columns, paint } from "../output/terminal.ts";

/** The results of the demonstration. */
export interface DemonstrationFacts {
  /** The file, if it is kept. */
  readonly file: string | undefined;
  /** The saved RAMBlocks. */
  readonly blocks: SaveSummary["blocks"];
  readonly pageSize: number;
  /** Size of the file, and its size on the disk. */
  readonly byteLength: number;
  readonly allocatedBytes: number | undefined;
  /** Reads of opening the file. */
  readonly opened: { readonly reads: number; readonly bytes: number };
  /**
   * Pages read one by one; how many of them are as saved, and how many zero.
   */
  readonly pagesCompared: number;
  readonly pagesEqual: number;
  readonly pagesZero: number;
  /** Pages read by verifying, and rules that it found broken. */
  readonly pagesVerified: number;
  readonly findings: number;
  readonly milliseconds: {
    readonly save: number;
    readonly open: number;
    readonly read: number;
    readonly verify: number;
    readonly total: number;
  };
}

const LABEL_WIDTH = 10;

/** Returns the lines of the report, with a map of the RAM. */
export function showDemonstration(
  facts: DemonstrationFacts,
  map: readonly string[],
): string[] {
  const pages = sum(facts.blocks, "pageCount");
  const present = sum(facts.blocks, "presentCount");
  const ram = pages * facts.pageSize;
  const allGood = facts.pagesEqual === facts.pagesCompared;
  const { milliseconds, opened } = facts;
  const onDisk = facts.allocatedBytes === undefined
    ? ""
    : `, ${formatBytes(facts.allocatedBytes)} on disk`;
  return [
    paint("bold", "A small guest's RAM, saved as mapped-ram"),
    "",
    ...map,
    "",
    ...entry("saved", [
      `${formatBytes(ram)} of RAM in ${formatTime(milliseconds.save)}`,
      `${formatCount(present)} of ${countOf(pages, "page")} stored`,
      `${formatCount(pages - present)} zero pages left out ` +
      `(${formatShare(pages - present, pages)})`,
    ]),
    ...entry("file", [`${formatBytes(facts.byteLength)} long${onDisk}`]),
    ...entry("opened", [
      `in ${formatTime(milliseconds.open)} by ${
        countOf(opened.reads, "read")
      } of ${formatBytes(opened.bytes)} in all`,
      "no page among them",
    ]),
    ...entry("read", [
      `${countOf(facts.pagesCompared, "page")} anywhere`,
      `${formatTime(milliseconds.read / facts.pagesCompared)} each`,
      `${formatCount(facts.pagesZero)} of them zero`,
      allGood
        ? "every byte as it was saved"
        : `${formatCount(facts.pagesCompared - facts.pagesEqual)} DIFFER`,
    ], allGood),
    ...entry("verified", [
      facts.findings === 0
        ? "every rule of SPEC.md kept"
        : `${countOf(facts.findings, "rule")} of SPEC.md broken`,
      `${countOf(facts.pagesVerified, "page")} read`,
    ], facts.findings === 0),
    ...entry("done", [
      `in ${formatTime(milliseconds.total)}`,
      facts.file === undefined
        ? "the file is removed, --keep keeps it"
        : `the file is ${facts.file}`,
    ]),
  ];
}

/** Returns a label and its parts, in lines that fit in the terminal. */
function entry(
  label: string,
  parts: readonly string[],
  good = true,
): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const joined = lines.length === 0
      ? part
      : `${lines[lines.length - 1]}, ${part}`;
    if (lines.length === 0 || joined.length + LABEL_WIDTH + 3 > columns()) {
      if (lines.length > 0) lines[lines.length - 1] += ",";
      lines.push(part);
    } else {
      lines[lines.length - 1] = joined;
    }
  }
  return lines.map((line, index) => {
    const name = (index === 0 ? label : "").padEnd(LABEL_WIDTH);
    return `  ${paint(good ? "green" : "red", name)}${line}`;
  });
}

function sum(
  blocks: SaveSummary["blocks"],
  what: "pageCount" | "presentCount",
): number {
  return blocks.reduce((total, block) => total + block[what], 0);
}
