import type { RAMBlock } from "../../reading/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { columns, paint, paintCode } from "../output/terminal.ts";

/** Characters by the share of counted pages, from none to all. */
const SHADES = ["·", "░", "▒", "▓", "█"];
/** Their colours in the 256-colour palette: grey, then blue to cyan. */
const COLOURS = ["38;5;240", "38;5;24", "38;5;31", "38;5;37", "38;5;43"];
/** Maximum rows of all blocks together, besides one for each. */
const ROWS_MAX = 12;

/** Maximum characters that are drawn in the line of the title. */
const SHORT_ROW = 4;

/** The scale of a map. */
interface Scale {
  /** Pages per character. */
  readonly pagesPerCell: number;
  /**
   * Characters per row, a power of two, so that rows start at round offsets.
   */
  readonly cellsPerRow: number;
  /** Digits of the offsets on the left. */
  readonly digits: number;
}

/** A RAMBlock of a map. */
export type DrawnBlock = Pick<
  RAMBlock,
  "idstr" | "usedLength" | "pageSize" | "pageCount" | "ignored"
>;

/** A map of RAMBlocks, all at one scale: some pages of each are counted. */
export class RamMap {
  readonly #blocks: readonly DrawnBlock[];
  readonly #scale: Scale;
  readonly #cells = new Map<string, number[]>();

  /** Chooses the scale; no page is counted yet. */
  constructor(blocks: readonly DrawnBlock[]) {
    this.#blocks = blocks;
    this.#scale = chooseScale(blocks);
    for (const { idstr, ignored, pageCount } of blocks) {
      const count = Math.ceil(pageCount / this.#scale.pagesPerCell);
      this.#cells.set(idstr, new Array(ignored ? 0 : count).fill(0));
    }
  }

  /** Pages per character; the last one of a block may have fewer. */
  get pagesPerCell(): number {
    return this.#scale.pagesPerCell;
  }

  /** Counts `count` more of the pages of a character. */
  count(idstr: string, cell: number, count: number): void {
    const cells = this.#cells.get(idstr);
    if (cells !== undefined) cells[cell] += count;
  }

  /** Draws the map; `what` says what the counted pages are. */
  lines(what: string): string[] {
    const scale = this.#scale;
    const lines = this.#blocks.flatMap((it) =>
      drawBlock(it, this.#cells.get(it.idstr) ?? [], scale)
    );
    const pageSize = this.#blocks[0]?.pageSize;
    if (pageSize === undefined) return lines;
    const legend = formatLegend(scale.pagesPerCell, { pageSize, what });
    return [...lines, "", ...legend];
  }
}

/** Draws the pages that RAMBlocks hold, with a legend. */
export async function drawRamMap(
  blocks: readonly RAMBlock[],
  signal: AbortSignal,
): Promise<string[]> {
  const map = new RamMap(blocks);
  const { pagesPerCell } = map;
  for (const block of blocks) {
    if (block.ignored) continue;
    for (let first = 0; first < block.pageCount; first += pagesPerCell) {
      const end = Math.min(block.pageCount, first + pagesPerCell);
      const count = await block.countPresent({ first, end, signal });
      map.count(block.idstr, first / pagesPerCell, count);
    }
  }
  return map.lines("stored");
}

function chooseScale(blocks: readonly DrawnBlock[]): Scale {
  let longest = 0;
  for (const { usedLength } of blocks) longest = Math.max(longest, usedLength);
  const digits = Math.max(8, longest.toString(16).length);
  const room = columns() - digits - 6;
  const cellsPerRow = 2 ** Math.floor(Math.log2(room));
  const rows = (pagesPerRow: number) =>
    blocks.reduce(
      (sum, { pageCount }) => sum + Math.ceil(pageCount / pagesPerRow),
      0,
    );
  let pagesPerCell = 1;
  while (rows(pagesPerCell * cellsPerRow) > ROWS_MAX + blocks.length) {
    pagesPerCell *= 2;
  }
  return { pagesPerCell, cellsPerRow, digits };
}

function drawBlock(
  block: DrawnBlock,
  cells: readonly number[],
  scale: Scale,
): string[] {
  const { pagesPerCell, cellsPerRow, digits } = scale;
  if (block.ignored) {
    return [formatTitle(block, ["left out by x-ignore-shared"])];
  }
  const counted = cells.reduce((sum, it) => sum + it, 0);
  const shades = cells.map((count, cell) => {
    const first = cell * pagesPerCell;
    const pages = Math.min(pagesPerCell, block.pageCount - first);
    return Math.ceil(count / pages * (SHADES.length - 1));
  });
  const title = formatTitle(block, [
    `${formatCount(counted)} of ${countOf(block.pageCount, "page")}`,
    formatShare(counted, block.pageCount),
  ]);
  if (cells.length <= SHORT_ROW) return [`${title}  ${paintRow(shades)}`];
  const lines = [title];
  for (let cell = 0; cell < cells.length; cell += cellsPerRow) {
    const offset = (cell * pagesPerCell * block.pageSize).toString(16);
    const row = shades.slice(cell, cell + cellsPerRow);
    lines.push(
      `    ${paint("dim", offset.padStart(digits, "0"))}  ${paintRow(row)}`,
    );
  }
  return lines;
}

/** Returns a title with as many facts as fit in the terminal. */
function formatTitle(block: DrawnBlock, facts: readonly string[]): string {
  const { idstr, usedLength } = block;
  const room = columns() - idstr.length - SHORT_ROW - 6;
  let shown = formatBytes(usedLength);
  for (const fact of facts) {
    const longer = `${shown}, ${fact}`;
    if (longer.length <= room) shown = longer;
  }
  return `  ${paint("bold", idstr)}  ${paint("dim", shown)}`;
}

/** Returns a row of characters; the colour is set only where it changes. */
function paintRow(shades: readonly number[]): string {
  let row = "";
  for (let first = 0; first < shades.length;) {
    const shade = shades[first];
    let end = first + 1;
    while (shades[end] === shade) end++;
    row += paintCode(COLOURS[shade], SHADES[shade].repeat(end - first));
    first = end;
  }
  return row;
}

function formatLegend(
  pagesPerCell: number,
  { pageSize, what }: { readonly pageSize: number; readonly what: string },
): string[] {
  const meanings = ["none", "up to 1/4", "1/2", "3/4", "all"];
  const shades = SHADES.map((shade, index) =>
    `${paintCode(COLOURS[index], shade)} ${paint("dim", meanings[index])}`
  );
  const cell = formatBytes(pagesPerCell * pageSize);
  return [
    `  ${paint("dim", "one character:")} ${cell}` +
    paint("dim", `, ${countOf(pagesPerCell, "page")}; of them ${what}:`),
    `  ${shades.join("   ")}`,
  ];
}
