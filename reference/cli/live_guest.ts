/**
 * The guest of the live demonstration: a thread that keeps writing to its memory
 * and marks the pages, until it is told to stop.
 *
 * @module
 */

import { DirtyPages } from "../mod.ts";
import { GUEST, type LiveGuestWork } from "./live_guest_work.ts";

/** Milliseconds between two bursts of writes. */
const TICK = 1;
/** One page in so many becomes zero. */
const ZERO_EVERY = 8;

/** What a worker has instead of a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<LiveGuestWork>) => void) | null;
  postMessage(answer: string): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: work }) => {
  runGuest(work);
  scope.postMessage("stopped");
};

function runGuest(work: LiveGuestWork): void {
  const { memory, control, pageSize, rate } = work;
  const pageCount = memory.length / pageSize;
  const dirty = new DirtyPages(pageCount, work.dirty);
  const started = performance.now();
  let written = 0;
  let state = 1;
  while (Atomics.load(control, GUEST.stop) === 0) {
    const due = (performance.now() - started) * rate / 1000 / pageSize;
    while (written < due && Atomics.load(control, GUEST.stop) === 0) {
      state = Math.imul(state, 1664525) + 1013904223 >>> 0;
      // Half of the writes go to an eighth of the memory, as programs do.
      const span = state % 2 === 0 ? pageCount : pageCount / 8;
      const page = Math.floor((state >>> 8) % span);
      const byte = written % ZERO_EVERY === 0 ? 0 : 1 + written % 255;
      memory.fill(byte, page * pageSize, (page + 1) * pageSize);
      dirty.mark(page);
      written++;
    }
    Atomics.store(control, GUEST.writes, written);
    Atomics.wait(control, GUEST.stop, 0, TICK);
  }
}
