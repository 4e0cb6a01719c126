import { openChain } from "../packing/mod.ts";
import { BackingFiles, type ReadBacking, takenItems } from "../lanes/mod.ts";
import {
  COMPARE_CONTROL,
  type CompareTask,
  type LaneSource,
} from "./compare_task.ts";
import { PagePair } from "./page_pair.ts";
import { PAGE_STATE, runsToRead } from "./page_state.ts";

/** Compares chunks until none are left. */
export function compareLane(task: CompareTask): void {
  const steps = compareSteps(task);
  while (!steps.next().done);
}

/** Does the same in short steps. */
export function* compareSteps(task: CompareTask): Generator<void> {
  const { a, b, pageSize, chunkPages, chunks, control } = task;
  using files = new BackingFiles(false);
  using readerA = openLaneSource(a.source, files);
  using readerB = openLaneSource(b.source, files);
  const pair = new PagePair(chunkPages * pageSize);
  const sides = [
    { ...a, ...readerA, bit: PAGE_STATE.inA, bytes: pair.a },
    { ...b, ...readerB, bit: PAGE_STATE.inB, bytes: pair.b },
  ];
  for (const item of takenItems(control, chunks.length)) {
    const first = chunks[item] * chunkPages;
    const states = task.states.subarray(first, first + chunkPages);
    for (const { bit, bytes, pagesOffset, read } of sides) {
      const start = pagesOffset + (task.first + first) * pageSize;
      for (const run of runsToRead(states, bit)) {
        const offset = run.first * pageSize;
        read(bytes.subarray(offset, run.end * pageSize), start + offset);
      }
    }
    pair.settle(states, pageSize);
    Atomics.add(control, COMPARE_CONTROL.done, 1);
    yield;
  }
}

/** A source that this thread has opened. */
interface LaneReader extends Disposable {
  readonly read: ReadBacking;
}

function openLaneSource(source: LaneSource, files: BackingFiles): LaneReader {
  if (source.kind === "plain") {
    const read = files.backingReader(source.from, { isSparse: false });
    return { read, [Symbol.dispose]: () => {} };
  }
  const disk = openChain(source.chain, files);
  return {
    read: (target, offset) => disk.readIntoSync(target, offset),
    [Symbol.dispose]: () => disk.close(),
  };
}
