import type { RAMBlock } from "../../reading/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { columns, paint, paintCode } from "../output/terminal.ts";

/** Characters by the share of stored pages, from none to all. */
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

/** Draws the pages of RAMBlocks, all at one scale, with a legend. */
export async function drawRamMap(
  blocks: readonly RAMBlock[],
  signal: AbortSignal,
): Promise<string[]> {
  const lines: string[] = [];
  const scale = chooseScale(blocks);
  for (const block of blocks) {
    const cells = await countCells(block, scale.pagesPerCell, signal);
    lines.push(...drawBlock(block, cells, scale));
  }
  const pageSize = blocks[0]?.pageSize;
  if (pageSize === undefined) return lines;
  return [...lines, "", ...formatLegend(scale.pagesPerCell, pageSize)];
}

function chooseScale(blocks: readonly RAMBlock[]): Scale {
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

/** Counts the stored pages of each cell; the last may be shorter. */
async function countCells(
  block: RAMBlock,
  pagesPerCell: number,
  signal: AbortSignal,
): Promise<number[]> {
  const counts: number[] = [];
  if (block.ignored) return counts;
  for (let first = 0; first < block.pageCount; first += pagesPerCell) {
    const end = Math.min(block.pageCount, first + pagesPerCell);
    counts.push(await block.countPresent({ first, end, signal }));
  }
  return counts;
}

function drawBlock(
  block: RAMBlock,
  cells: readonly number[],
  scale: Scale,
): string[] {
  const { pagesPerCell, cellsPerRow, digits } = scale;
  if (block.ignored) {
    return [formatTitle(block, ["left out by x-ignore-shared"])];
  }
  const presentPages = cells.reduce((sum, it) => sum + it, 0);
  const shades = cells.map((present, cell) => {
    const first = cell * pagesPerCell;
    const pages = Math.min(pagesPerCell, block.pageCount - first);
    return Math.ceil(present / pages * (SHADES.length - 1));
  });
  const title = formatTitle(block, [
    `${formatCount(presentPages)} of ${countOf(block.pageCount, "page")}`,
    formatShare(presentPages, block.pageCount),
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
function formatTitle(block: RAMBlock, facts: readonly string[]): string {
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

function formatLegend(pagesPerCell: number, pageSize: number): string[] {
  const meanings = ["none", "up to 1/4", "1/2", "3/4", "all"];
  const shades = SHADES.map((shade, index) =>
    `${paintCode(COLOURS[index], shade)} ${paint("dim", meanings[index])}`
  );
  const cell = formatBytes(pagesPerCell * pageSize);
  return [
    `  ${paint("dim", "one character:")} ${cell}` +
    paint("dim", `, ${countOf(pagesPerCell, "page")}; of them stored:`),
    `  ${shades.join("   ")}`,
  ];
}
