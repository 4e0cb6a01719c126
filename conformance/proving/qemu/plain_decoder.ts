import { Buffer } from "node:buffer";

/**
 * A minimal decoder of the block table of a file that QEMU wrote.
 *
 * The vectors are made with it, so it is independent of the library: it trusts
 * the file, holds all of it in memory and supports only what QEMU writes.
 *
 * @module
 */

/** One entry of the block table. */
export interface PlainBlock {
  readonly idstr: string;
  readonly usedLength: number;
  readonly pageSize: number;
  readonly bitmapOffset: number;
  readonly pagesOffset: number;
}

/** The contents before the first page. */
export interface PlainTable {
  readonly machine: string;
  readonly capabilities: readonly string[];
  readonly blocks: readonly PlainBlock[];
  /** The position after the last page area. */
  readonly end: number;
}

const RAM_START = Buffer.from("\x03ram\0\0\0\0\0\0\0\x04", "latin1");

/** Decodes the table of the stream that starts at `start`. */
export function decodeTable(file: Buffer, start: number): PlainTable {
  let at = start + 4 + 4 + 1;
  const machine = file.toString(
    "latin1",
    at + 4,
    at + 4 + file.readInt32BE(at),
  );
  at += 4 + machine.length;
  const capabilities: string[] = [];
  while (file[at] === 5) {
    const name = shortText(file, at + 1);
    at += 2 + name.length + 4;
    if (name === "configuration/capabilities") {
      const count = file.readInt32BE(at);
      at += 4;
      for (let index = 0; index < count; index++) {
        capabilities.push(shortText(file, at));
        at += 1 + shortText(file, at).length;
      }
    } else if (name === "configuration/uuid") at += 16;
    else throw new Error(`Cannot decode ${name}`);
  }
  at = file.indexOf(RAM_START, at) + RAM_START.length;
  const total = u64(file, at) - 4;
  at += 8;
  const blocks: PlainBlock[] = [];
  for (let sum = 0; sum < total;) {
    const idstr = shortText(file, at);
    const header = at + 1 + idstr.length;
    const block = {
      idstr,
      usedLength: u64(file, header),
      pageSize: u64(file, header + 12),
      bitmapOffset: u64(file, header + 20),
      pagesOffset: u64(file, header + 28),
    };
    blocks.push(block);
    sum += block.usedLength;
    at = block.pagesOffset + block.usedLength;
  }
  return { machine, capabilities, blocks, end: at };
}

/** The runs of pages whose bit is set, `[first, end)`. */
export function presentRuns(
  file: Buffer,
  block: PlainBlock,
): [number, number][] {
  const runs: [number, number][] = [];
  const pageCount = block.usedLength / block.pageSize;
  for (let page = 0; page < pageCount; page++) {
    const bits = file.readUInt8(block.bitmapOffset + Math.floor(page / 8));
    if (Math.floor(bits / 2 ** (page % 8)) % 2 === 0) continue;
    const last = runs.at(-1);
    if (last?.[1] === page) last[1]++;
    else runs.push([page, page + 1]);
  }
  return runs;
}

/** The memory of a block: the pages whose bit is set, zeros elsewhere. */
export function memoryOf(file: Buffer, block: PlainBlock): Buffer {
  const memory = Buffer.alloc(block.usedLength);
  for (const [first, end] of presentRuns(file, block)) {
    file.copy(
      memory,
      first * block.pageSize,
      block.pagesOffset + first * block.pageSize,
      block.pagesOffset + end * block.pageSize,
    );
  }
  return memory;
}

/** The position of the EOF item, found by the vmdesc after it. */
export function endOfFileItem(file: Buffer): number {
  for (let at = file.lastIndexOf("\x06"); at > 0;) {
    if (
      file[at - 1] === 0 && file[at + 5] === 0x7b &&
      at + 5 + file.readUInt32BE(at + 1) === file.length
    ) return at - 1;
    at = file.lastIndexOf("\x06", at - 1);
  }
  throw new Error("Cannot find the EOF item");
}

/** The number of empty PART sections of RAM in the file. */
export function ramPartCount(file: Buffer, table: PlainTable): number {
  const body = Buffer.from("00000000000000107e", "hex");
  let count = 0;
  for (let at = table.end; (at = file.indexOf(body, at)) >= 0; at++) {
    if (file[at - 5] === 2) count++;
  }
  return count;
}

function shortText(file: Buffer, at: number): string {
  return file.toString("latin1", at + 1, at + 1 + file.readUInt8(at));
}

function u64(file: Buffer, at: number): number {
  return Number(file.readBigUInt64BE(at));
}
