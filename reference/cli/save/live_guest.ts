/**
 * The guest of the live demonstration: a process that maps an image as its
 * memory, keeps writing to it and reports the pages, until its standard input
 * ends. Its arguments are the image, and the bytes of pages to write per
 * second.
 *
 * @module
 */

import process from "node:process";
import { SharedMapping } from "../../linux/mod.ts";
import { sleep } from "../../work/mod.ts";
import { GUEST_PAGE_SIZE, GUEST_STOPPED } from "./live_guest_words.ts";

/** Milliseconds between two bursts of writes. */
const TICK = 1;
/** Maximum pages in one burst, which is one message to the saver. */
const BURST_MAX = 0x4000;
/** One of this many pages becomes zero. */
const ZERO_EVERY = 8;

/** The saver stops the guest; a terminal sends Ctrl-C to all its processes. */
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});

const [image, rate] = process.argv.slice(2);
try {
  using memory = SharedMapping.open(image);
  await runGuest(memory.bytes, Number(rate));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function runGuest(bytes: Uint8Array, rate: number): Promise<void> {
  const pageCount = bytes.length / GUEST_PAGE_SIZE;
  let isStopped = false;
  process.stdin.once("end", () => isStopped = true).resume();
  const started = performance.now();
  let written = 0;
  let state = 1;
  while (!isStopped) {
    const due = (performance.now() - started) * rate / 1000 / GUEST_PAGE_SIZE;
    const pages: number[] = [];
    while (written < due && pages.length < BURST_MAX) {
      state = Math.imul(state, 1664525) + 1013904223 >>> 0;
      // Half of the writes go to an eighth of the memory, as programs do.
      const span = state % 2 === 0 ? pageCount : pageCount / 8;
      const page = Math.floor((state >>> 8) % span);
      const byte = written % ZERO_EVERY === 0 ? 0 : 1 + written % 255;
      const start = page * GUEST_PAGE_SIZE;
      bytes.fill(byte, start, start + GUEST_PAGE_SIZE);
      pages.push(page);
      written++;
    }
    await tell(pages);
    await sleep(TICK);
  }
  await tell([GUEST_STOPPED]);
}

/** Writes words to the pipe; waits while it is full. */
function tell(words: readonly number[]): Promise<void> {
  if (words.length === 0) return Promise.resolve();
  const bytes = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, index) => bytes.setUint32(4 * index, word, true));
  return new Promise((resolve, reject) =>
    process.stdout.write(
      new Uint8Array(bytes.buffer),
      (error) => error ? reject(error) : resolve(),
    )
  );
}
