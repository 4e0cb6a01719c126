import {
  HASH_LENGTH,
  type TreeGeometry,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import {
  CHUNK,
  inLanes,
  Pace,
  PARALLEL_CHUNK,
  type ProgressReport,
} from "../work/mod.ts";
import {
  type DataUnit,
  hashWithRuntime,
  partsOf,
  putHash,
  type ZeroBlock,
} from "../hashing/mod.ts";
import { UnitHasher } from "./unit_hasher.ts";

/** What is hashed, and where its hashes go. */
export interface HashJob extends ReadOptions {
  readonly source: ByteSource;
  readonly sink: ByteSink | undefined;
  readonly geometry: TreeGeometry;
  readonly zeros: readonly ZeroBlock[];
  readonly report: ProgressReport;
}

/** Hashes units and writes their levels of the tree. */
export interface HashUnits extends Disposable {
  /** Resolves to the hashes of the units, one after the other. */
  run(units: readonly DataUnit[]): Promise<Uint8Array>;
}

/** Hashes on the calling thread, from any source to any sink. */
export function hashHere(job: HashJob): HashUnits {
  const { source, sink, geometry, zeros, report, signal } = job;
  const { parallelReads = 1 } = source;
  const longest = parallelReads > 1 ? PARALLEL_CHUNK : CHUNK;
  const pace = new Pace(signal);
  const hashers: UnitHasher[] = [];
  const { dataLength } = geometry;
  return {
    async run(units): Promise<Uint8Array> {
      const lanes = Math.min(parallelReads, units.length);
      while (hashers.length < lanes) {
        hashers.push(new UnitHasher(geometry, { zeros, longest }));
      }
      const hashes = new Uint8Array(units.length * HASH_LENGTH);
      await inLanes(hashers, units.entries(), async ([index, unit], hasher) => {
        hasher.begin(unit.unit);
        for (const part of partsOf(unit, { dataLength, longest })) {
          const bytes = hasher.buffer.bytes.subarray(0, part.length);
          await source.readInto(bytes, part.offset, { signal });
          const zero = await hashWithRuntime(hasher.add(part));
          report.advance(
            part.length,
            Math.min(part.length, zero * VERITY_BLOCK),
          );
          report.tell();
          await pace.step();
        }
        const { hash, parts } = await hashWithRuntime(hasher.finish());
        putHash(hash, hashes, index * HASH_LENGTH);
        for (const { bytes, offset } of parts) await sink?.write(bytes, offset);
      });
      return hashes;
    },
    [Symbol.dispose](): void {},
  };
}
