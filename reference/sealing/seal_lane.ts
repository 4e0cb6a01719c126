import { bitmapByteLength, PageBitmap } from "../../format/bitmap/mod.ts";
import { HASH_LENGTH, TreeGeometry } from "../../format/verity/mod.ts";
import { CHUNK } from "../work/mod.ts";
import { BackingFiles, isStopped, takenItems } from "../lanes/mod.ts";
import {
  hashSync,
  partsOf,
  putHash,
  UNIT_CHUNKS,
  zeroBlocks,
} from "../hashing/mod.ts";
import { SEAL_CONTROL, type SealTask } from "./seal_task.ts";
import { UnitHasher } from "./unit_hasher.ts";

/** Bytes of the bitmap of a unit's chunks. */
export const WANTED_LENGTH = bitmapByteLength(UNIT_CHUNKS);

/** Hashes units until none are left, and writes their levels of the tree. */
export function sealLane(task: SealTask): void {
  const steps = sealSteps(task);
  while (!steps.next().done);
}

/** Does the same in short steps. */
export function* sealSteps(task: SealTask): Generator<void> {
  const { control, units, wanted, hashes, dataLength, to } = task;
  using files = new BackingFiles(false);
  const read = files.backingReader(task.from, task);
  const geometry = new TreeGeometry(dataLength);
  const zeros = hashSync(zeroBlocks(geometry.levels.length));
  const hasher = new UnitHasher(geometry, { zeros, longest: CHUNK });
  for (const index of takenItems(control, units.length)) {
    const start = index * WANTED_LENGTH;
    const bits = wanted.subarray(start, start + WANTED_LENGTH);
    const unit = {
      unit: units[index],
      wanted: new PageBitmap(UNIT_CHUNKS, bits),
    };
    hasher.begin(unit.unit);
    for (const part of partsOf(unit, { dataLength, longest: CHUNK })) {
      if (isStopped(control)) return;
      read(hasher.buffer.bytes.subarray(0, part.length), part.offset);
      const zero = hashSync(hasher.add(part));
      Atomics.add(control, SEAL_CONTROL.chunks, 1);
      Atomics.add(control, SEAL_CONTROL.zeroBlocks, zero);
      yield;
    }
    const { hash, parts } = hashSync(hasher.finish());
    putHash(hash, hashes, index * HASH_LENGTH);
    if (to === undefined) continue;
    const file = files.writer(to);
    for (const { bytes, offset } of parts) file.writeSync(bytes, offset);
  }
}
