import type {
  DiffSummary,
  PagesDifference,
  SnapshotDifference,
} from "../../comparing/mod.ts";
import type { RAMBlock, Snapshot } from "../../reading/mod.ts";
import { type DrawnBlock, RamMap } from "../info/ram_map.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { outputRoom, print } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";
import { type DiffOutput, totalsOf } from "./diff_output.ts";
import {
  configurationLine,
  fieldLine,
  pagesLine,
  sectionLine,
  sectionTitle,
} from "./difference_lines.ts";

/** Maximum lines of a RAMBlock or a device, unless all are wanted. */
const LINES_MAX = 16;

/** The headings, by what follows them. */
const HEADINGS: Readonly<Record<SnapshotDifference["kind"], string>> = {
  configuration: "Configuration",
  pages: "Pages",
  field: "Devices",
  section: "Devices",
};

/** Prints differences as lines: at the end, or at once if all are wanted. */
export class DiffLines implements DiffOutput {
  readonly #map: RamMap | undefined;
  readonly #printsAll: boolean;
  readonly #lines: string[] = [];
  #heading = "";
  /** The RAMBlock or the device of the last difference. */
  #subject = "";
  #subjectLines = 0;

  /** Shows how `b` differs from `a`. */
  constructor(
    a: Snapshot,
    b: Snapshot,
    { map, all }: { readonly map: boolean; readonly all: boolean },
  ) {
    this.#printsAll = all;
    this.#map = map ? new RamMap(drawnBlocks(a, b)) : undefined;
  }

  async show(
    difference: SnapshotDifference,
    signal: AbortSignal,
  ): Promise<void> {
    const { kind } = difference;
    if (kind === "pages") this.#count(difference);
    if (HEADINGS[kind] !== this.#heading) {
      this.#endSubject();
      if (this.#heading !== "") this.#add("");
      this.#heading = HEADINGS[kind];
      this.#add(paint("bold", this.#heading));
    }
    const { subject, line, isBelow } = linesOf(difference);
    if (subject !== this.#subject) {
      this.#endSubject();
      this.#subject = subject;
      if (isBelow) this.#add(`  ${subject}`);
    }
    this.#subjectLines++;
    if (this.#printsAll || this.#subjectLines <= LINES_MAX) {
      this.#add(`${isBelow ? "    " : "  "}${line}`);
    }
    if (this.#printsAll) await outputRoom(signal);
  }

  finish(a: string, b: string, summary: DiffSummary): Promise<void> {
    this.#endSubject();
    for (const line of this.#lines) print(line);
    if (this.#heading !== "") print("");
    for (const line of tableLines(summary)) print(line);
    if (this.#map !== undefined) {
      print("");
      for (const line of this.#map.lines("different")) print(line);
    }
    print("");
    const names = `${printable(a)} and ${printable(b)}`;
    const verdict = summary.same === undefined
      ? `${names} are the same as far as they could be compared: the pages ` +
        `of ${unknownBlocks(summary)} were not`
      : summary.same
      ? `${names} are the same`
      : `${names} differ: ${countsText(summary)}`;
    print(paint("bold", verdict));
    return Promise.resolve();
  }

  /** Says how many lines of the last subject are not shown. */
  #endSubject(): void {
    const hidden = this.#subjectLines - LINES_MAX;
    if (hidden > 0 && !this.#printsAll) {
      const text = `… and ${formatCount(hidden)} more (--all lists them)`;
      this.#add(`    ${paint("dim", text)}`);
    }
    this.#subject = "";
    this.#subjectLines = 0;
  }

  #add(line: string): void {
    if (this.#printsAll) print(line);
    else this.#lines.push(line);
  }

  #count({ idstr, first, end }: PagesDifference): void {
    if (this.#map === undefined) return;
    const { pagesPerCell } = this.#map;
    for (let at = first; at < end;) {
      const cell = Math.floor(at / pagesPerCell);
      const stop = Math.min(end, (cell + 1) * pagesPerCell);
      this.#map.count(idstr, cell, stop - at);
      at = stop;
    }
  }
}

/** Returns a line, and what it is about: below a line with that, or not. */
function linesOf(difference: SnapshotDifference): {
  readonly subject: string;
  readonly line: string;
  readonly isBelow: boolean;
} {
  switch (difference.kind) {
    case "configuration": {
      const line = configurationLine(difference);
      return { subject: line, line, isBelow: false };
    }
    case "pages": {
      const line = pagesLine(difference);
      return { subject: difference.idstr, line, isBelow: false };
    }
    case "field": {
      const subject = sectionTitle(difference);
      return { subject, line: fieldLine(difference), isBelow: true };
    }
    case "section": {
      const subject = sectionTitle(difference);
      return { subject, line: sectionLine(difference), isBelow: true };
    }
  }
}

/** Returns the RAMBlocks that both have, each as long as the longer one. */
function drawnBlocks(a: Snapshot, b: Snapshot): DrawnBlock[] {
  const others = new Map(b.blocks.map((it) => [it.idstr, it]));
  return a.blocks.flatMap((it) => {
    const other = others.get(it.idstr);
    return other === undefined ? [] : [longerOf(it, other)];
  });
}

function longerOf(a: RAMBlock, b: RAMBlock): DrawnBlock {
  const { idstr, pageSize } = a;
  return {
    idstr,
    pageSize,
    usedLength: Math.max(a.usedLength, b.usedLength),
    pageCount: Math.max(a.pageCount, b.pageCount),
    ignored: a.ignored || b.ignored || pageSize !== b.pageSize,
  };
}

function tableLines({ blocks }: DiffSummary): string[] {
  const header = [
    { title: "RAMBlock" },
    { title: "pages", right: true, optional: true },
    { title: "changed", right: true },
    { title: "appeared", right: true },
    { title: "vanished", right: true },
    { title: "bytes", right: true },
    { title: "", right: true, optional: true },
    { title: "zero in one", right: true, optional: true },
    { title: "shared", right: true, optional: true },
  ];
  const rows = blocks.map((it) => {
    const { appeared, vanished, changed, pageSize, pageCount } = it;
    const differing = appeared + vanished + changed;
    const shared = it.sharedInImage + it.sharedInExtents + it.sharedZeros;
    const title = [printable(it.idstr), formatCount(pageCount)];
    if (!it.compared) return [...title, "?", "?", "?", "?", "", "", ""];
    return [
      ...title,
      ...[changed, appeared, vanished].map(formatCount),
      formatBytes(differing * pageSize),
      formatShare(differing, pageCount),
      formatCount(it.zeroStored),
      formatCount(shared),
    ];
  });
  return formatTable(header, rows);
}

/** Returns the names of the RAMBlocks whose pages were not compared. */
function unknownBlocks({ blocks }: DiffSummary): string {
  return blocks.flatMap((it) => it.compared ? [] : [printable(it.idstr)])
    .join(", ");
}

function countsText(summary: DiffSummary): string {
  const { configuration, devices } = summary;
  const { pages, bytes } = totalsOf(summary);
  return [
    ...configuration > 0
      ? [countOf(configuration, "property").replace(/ys$/, "ies")]
      : [],
    ...pages > 0 ? [`${countOf(pages, "page")} (${formatBytes(bytes)})`] : [],
    ...devices > 0 ? [`${countOf(devices, "field")} of devices`] : [],
  ].join(", ");
}
