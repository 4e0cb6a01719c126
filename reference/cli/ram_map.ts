import type { RAMBlock } from "../mod.ts";
import { columns, hasColour } from "./terminal.ts";

/** Cells by the share of pages that are stored, from none to all. */
const SHADES = ["·", "░", "▒", "▓", "█"];
const COLOURS = ["90", "36", "36", "32", "32"];
const ROWS_MAX = 8;

/** Draws a block's pages: a cell stands for a stretch of RAM. */
export async function drawRamMap(block: RAMBlock): Promise<string[]> {
  const width = columns() - 4;
  const cells = Math.min(block.pageCount, width * rowsFor(block, width));
  const present = new Float64Array(cells);
  const pagesPerCell = block.pageCount / cells;
  for await (const run of block.presentRuns()) {
    let page = run.first;
    while (page < run.end) {
      const cell = Math.min(cells - 1, Math.floor(page / pagesPerCell));
      const cellEnd = cell === cells - 1
        ? block.pageCount
        : Math.ceil((cell + 1) * pagesPerCell);
      const end = Math.max(page + 1, Math.min(run.end, cellEnd));
      present[cell] += end - page;
      page = end;
    }
  }
  const shades = [...present].map((pages) => shadeOf(pages / pagesPerCell));
  const lines: string[] = [];
  for (let start = 0; start < cells; start += width) {
    lines.push(`  ${paintCells(shades.slice(start, start + width))}`);
  }
  return lines;
}

/** What the cells mean. */
export function ramMapLegend(): string {
  return `  ${SHADES[0]} zero pages, not in the file   ` +
    `${
      SHADES.slice(1).join("")
    } up to a quarter, half, three quarters, all stored`;
}

function rowsFor(block: RAMBlock, width: number): number {
  const rows = Math.round(Math.log2(Math.max(1, block.pageCount / width)));
  return Math.max(1, Math.min(ROWS_MAX, rows));
}

function shadeOf(share: number): number {
  return Math.min(SHADES.length - 1, Math.ceil(share * (SHADES.length - 1)));
}

function paintCells(shades: readonly number[]): string {
  if (!hasColour()) return shades.map((shade) => SHADES[shade]).join("");
  return `${
    shades.map((shade) => `\x1b[${COLOURS[shade]}m${SHADES[shade]}`).join("")
  }\x1b[0m`;
}
