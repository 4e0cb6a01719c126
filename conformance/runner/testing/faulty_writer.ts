/**
 * A writer that makes one mistake, which its first argument names: what the
 * suite for writers must find.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  chmodSync,
  closeSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import process from "node:process";
import {
  memorySink,
  memorySource,
  openSnapshotSync,
  saveSnapshot,
} from "../../../mod.ts";

const FOOTER = 5;
/** Type, section_id and EOS of an END or a PART. */
const PART = 1 + 4 + 8;
const PIECES = 40;

interface Saved {
  readonly bytes: Buffer;
  /** Position after the footer of RAM's START. */
  readonly setupEnd: number;
  /** Position after the footer of RAM's END. */
  readonly ramEnd: number;
  readonly bitmap: number;
  readonly pages: number;
  readonly usedLength: number;
}

/** Each mistake: what it makes of a good file. */
const MISTAKES: Readonly<Record<string, (saved: Saved) => Buffer>> = {
  "none": ({ bytes }) => bytes,
  "command before END": ({ bytes, setupEnd }) =>
    insert(bytes, setupEnd, [8, 0, 11, 0, 0]),
  "command after END": ({ bytes, ramEnd }) =>
    insert(bytes, ramEnd, [8, 0, 11, 0, 0]),
  "PART": ({ bytes, setupEnd }) => {
    const end = bytes.subarray(setupEnd, setupEnd + PART + FOOTER);
    return insert(bytes, setupEnd, [2, ...end.subarray(1)]);
  },
  "section_id 0": ({ bytes, setupEnd, ramEnd }) => {
    bytes.fill(0, setupEnd - 4, setupEnd);
    bytes.fill(0, setupEnd + 1, setupEnd + 5);
    bytes.fill(0, ramEnd - 4, ramEnd);
    const head = bytes.indexOf("\x03ram") - 5;
    bytes.fill(0, head + 1, head + 5);
    return bytes;
  },
  "vmdesc without page_size": ({ bytes }) =>
    rename(bytes, '"page_size"', '"page_bits"'),
  "vmdesc without configuration": ({ bytes }) =>
    rename(bytes, '"configuration":', '"Configuration":'),
  "no vmdesc": ({ bytes, ramEnd }) => bytes.subarray(0, ramEnd + 1),
  "no EOF": ({ bytes, ramEnd }) => bytes.subarray(0, ramEnd),
  "no END": ({ bytes, setupEnd, ramEnd }) =>
    Buffer.concat([bytes.subarray(0, setupEnd), bytes.subarray(ramEnd)]),
  "padding set": ({ bytes, bitmap, usedLength }) => {
    const pages = usedLength / 4096;
    bytes[bitmap + (pages >> 3)] |= 0x80;
    return bytes;
  },
  "bits from the highest": ({ bytes, bitmap, usedLength }) => {
    const length = 8 * Math.ceil(usedLength / 4096 / 64);
    for (let at = bitmap; at < bitmap + length; at++) {
      let reversed = 0;
      for (let bit = 0; bit < 8; bit++) {
        if (bytes[at] >> bit & 1) reversed |= 0x80 >> bit;
      }
      bytes[at] = reversed;
    }
    return bytes;
  },
  "last page lost": ({ bytes, pages, usedLength }) =>
    bytes.fill(0, pages + usedLength - 4096, pages + usedLength),
  "target-page-bits": ({ bytes }) => bytes,
  "trailer": ({ bytes }) => Buffer.concat([bytes, Buffer.alloc(1)]),
  "readable by all": ({ bytes }) => bytes,
  "pages last": ({ bytes }) => bytes,
};

/** The names of the mistakes; the first is no mistake. */
export const MISTAKE_NAMES: readonly string[] = Object.keys(MISTAKES);

function insert(bytes: Buffer, at: number, more: readonly number[]): Buffer {
  return Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(more),
    bytes.subarray(at),
  ]);
}

function rename(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.lastIndexOf(from);
  return Buffer.from(
    bytes.subarray(0, at).toString("latin1") + to +
      bytes.subarray(at + from.length).toString("latin1"),
    "latin1",
  );
}

/** Writes the structure and the bitmaps first, and the pages slowly. */
function writePagesLast({ bytes, pages, usedLength }: Saved, path: string) {
  const file = openSync(path, "w", 0o600);
  const empty = Buffer.from(bytes);
  empty.fill(0, pages, pages + usedLength);
  writeSync(file, empty);
  const step = usedLength / PIECES;
  const waiter = new Int32Array(new SharedArrayBuffer(4));
  for (let piece = 0; piece < PIECES; piece++) {
    const at = pages + Math.floor(piece * step);
    writeSync(file, bytes, at, Math.ceil(step), at);
    Atomics.wait(waiter, 0, 0, 10);
  }
  closeSync(file);
}

async function main([name, request, path]: readonly string[]): Promise<void> {
  const { machine, pageSize, blocks } = JSON.parse(
    readFileSync(request, "utf8"),
  );
  const sink = memorySink();
  const [{ idstr, image }] = blocks;
  const source = memorySource(readFileSync(image));
  await saveSnapshot(sink, [{ idstr, source }], {
    machine,
    pageSize,
    ...name === "target-page-bits" ? { targetPageBits: 12 } : {},
  });
  const bytes = Buffer.from(sink.bytes());
  const { index } = openSnapshotSync(memorySource(bytes));
  const [{ bitmapOffset, pagesOffset, usedLength }] = index.blocks;
  const saved: Saved = {
    bytes,
    setupEnd: index.ramSetup.offset + index.ramSetup.length + FOOTER,
    ramEnd: index.ramEnd,
    bitmap: bitmapOffset,
    pages: pagesOffset,
    usedLength,
  };
  if (name === "pages last") return writePagesLast(saved, path);
  writeFileSync(path, MISTAKES[name](saved), { mode: 0o600 });
  if (name === "readable by all") chmodSync(path, 0o644);
}

if (import.meta.main) await main(process.argv.slice(2));
