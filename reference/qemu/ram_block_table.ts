import type { WaitOptions } from "../work/mod.ts";
import type { QmpClient } from "./qmp_client.ts";

/** A RAMBlock as listed by QEMU's human monitor. */
export interface ListedRAMBlock {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of a page of the host memory that holds it. */
  readonly hostPageSize: number;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Maximum characters of a line: an idstr has at most 255. */
const LINE_MAX = 1024;
/** Columns after the idstr: page size, unit, offset, used, total. */
const COLUMNS = 5;

/**
 * Lists the RAMBlocks of a QEMU over its human monitor: QMP has no such
 * command.
 */
export async function queryRAMBlocks(
  qmp: QmpClient,
  options: WaitOptions = {},
): Promise<ListedRAMBlock[]> {
  return parseRAMBlocks(await qmp.monitor("info ramblock", options));
}

/**
 * Parses the output of `info ramblock`, with sizes in bytes. Other lines are
 * ignored. The time is linear in the length of the text.
 */
export function parseRAMBlocks(text: string): ListedRAMBlock[] {
  const blocks: ListedRAMBlock[] = [];
  for (const line of text.split("\n")) {
    const block = line.length > LINE_MAX ? undefined : parseLine(line);
    if (block !== undefined) blocks.push(block);
  }
  return blocks;
}

/** `pc.ram  4 KiB  0x0 0x4000000 0x4000000 …`; an idstr may contain blanks. */
function parseLine(line: string): ListedRAMBlock | undefined {
  const words = line.trim().split(/ +/);
  for (let at = 1; at + COLUMNS <= words.length; at++) {
    const [size, unit, offset, used, total] = words.slice(at, at + COLUMNS);
    const isRow = /^\d+$/.test(size) && Object.hasOwn(UNITS, unit) &&
      [offset, used, total].every((it) => /^0x[0-9a-f]+$/.test(it));
    if (!isRow) continue;
    return {
      idstr: words.slice(0, at).join(" "),
      hostPageSize: Number(size) * UNITS[unit],
      usedLength: Number(used),
    };
  }
  return undefined;
}
