import { PageBuffer } from "../pages/mod.ts";
import { BackingFiles, takenItems } from "../lanes/mod.ts";
import { openChain } from "./chain_files.ts";
import { dataRuns } from "./data_runs.ts";
import {
  UNPACK_CHUNK,
  UNPACK_CONTROL,
  type UnpackTask,
} from "./unpack_task.ts";

/** Unpacks chunks until none are left. */
export function unpackLane(task: UnpackTask): void {
  const steps = unpackSteps(task);
  while (!steps.next().done);
}

/** Does the same in short steps. */
export function* unpackSteps(task: UnpackTask): Generator<void> {
  const { chain, to, byteLength, chunks, control } = task;
  using files = new BackingFiles(false);
  using disk = openChain(chain, files);
  const file = files.writer(to);
  const buffer = new PageBuffer(UNPACK_CHUNK);
  for (const item of takenItems(control, chunks.length)) {
    const offset = chunks[item] * UNPACK_CHUNK;
    const length = Math.min(UNPACK_CHUNK, byteLength - offset);
    disk.readIntoSync(buffer.bytes.subarray(0, length), offset);
    for (const { bytes, start } of dataRuns(buffer, length)) {
      file.writeSync(bytes, offset + start);
    }
    Atomics.add(control, UNPACK_CONTROL.done, 1);
    yield;
  }
}
