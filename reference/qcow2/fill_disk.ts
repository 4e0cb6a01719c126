import {
  type ByteSource,
  readRanges,
  SharedRead,
  type SourceReadOptions,
} from "../sources/mod.ts";
import { inLanes } from "../work/mod.ts";
import type {
  DiskPlan,
  DiskPlanner,
  PackedCluster,
  PackedRun,
  Part,
} from "./disk_plan.ts";
import type { UnpackCluster } from "./unpack_cluster.ts";
import { type PackedImage, unpackRun } from "./unpack_run.ts";

/** Where the bytes of a disk come from. */
export interface DiskSources {
  readonly image: ByteSource;
  /** What holds the clusters that the image does not; undefined: zeros. */
  readonly backing: ByteSource | undefined;
  readonly packed: PackedImage<UnpackCluster>;
}

/** Clusters that one request reads. */
interface Load {
  readonly clusters: readonly PackedCluster[];
  readonly unpacked: readonly Uint8Array[];
}

/** Does what plans of a disk say. */
export class DiskFiller {
  readonly #sources: DiskSources;
  readonly #planner: DiskPlanner;
  /** Clusters that are being read, each with its request. */
  readonly #pending = new Map<number, SharedRead<Load>>();

  constructor(sources: DiskSources, planner: DiskPlanner) {
    this.#sources = sources;
    this.#planner = planner;
  }

  /** Reads each part by itself; concurrent reads of a cluster share it. */
  async fill(plan: DiskPlan, options: SourceReadOptions): Promise<void> {
    const { image } = this.#sources;
    const work = this.#work(plan, options);
    const lanes = Array.from({ length: image.parallelReads ?? 1 });
    await inLanes(lanes, work, (it) => it());
  }

  *#work(
    { data, backing, runs }: DiskPlan,
    options: SourceReadOptions,
  ): Generator<() => Promise<void>> {
    const { image } = this.#sources;
    for (const { target, offset } of data) {
      yield () => image.readInto(target, offset, options);
    }
    // The hints are for the image.
    const below = { ...options, wantedUntil: undefined, guesses: undefined };
    for (const part of backing) yield () => this.readBacking(part, below);
    for (const run of runs) yield () => this.#load(run, options);
  }

  /** Reads a part of the backing file; past its end, and without one, zeros. */
  async readBacking(part: Part, options: SourceReadOptions): Promise<void> {
    const inside = insideOf(this.#sources.backing, part);
    if (inside === undefined) return;
    await this.#sources.backing?.readInto(
      inside.target,
      inside.offset,
      options,
    );
  }

  async #load(run: PackedRun, options: SourceReadOptions): Promise<void> {
    const loads = new Set<SharedRead<Load>>();
    for (let at = 0; at < run.clusters.length;) {
      const pending = this.#pending.get(run.clusters[at].number);
      if (pending !== undefined) {
        loads.add(pending);
        at++;
        continue;
      }
      const end = run.clusters.findIndex((it, index) =>
        index > at && this.#pending.has(it.number)
      );
      const clusters = run.clusters.slice(at, end < 0 ? undefined : end);
      loads.add(this.#request(clusters, options));
      at += clusters.length;
    }
    const done = await Promise.all(
      Array.from(loads, (it) => it.join(options.signal)),
    );
    const unpacked = new Map(
      done.flatMap(({ clusters, unpacked }) =>
        clusters.map(({ number }, index) => [number, unpacked[index]] as const)
      ),
    );
    for (const { number, target, start } of run.clusters) {
      copyPart(target, unpacked.get(number), start);
    }
  }

  #request(
    clusters: readonly PackedCluster[],
    options: SourceReadOptions,
  ): SharedRead<Load> {
    const { image, packed } = this.#sources;
    const [{ offset }] = clusters;
    const end = Math.max(...clusters.map((it) => it.offset + it.length));
    const shared = new SharedRead<Load>(async (signal) => {
      const bytes = new Uint8Array(end - offset);
      await image.readInto(bytes, offset, { ...options, signal });
      const run = { offset, length: bytes.length, clusters };
      return { clusters, unpacked: await unpackRun(run, bytes, packed) };
    }, (load) => {
      for (const { number } of clusters) this.#pending.delete(number);
      load?.unpacked.forEach((it, index) =>
        this.#planner.keep(clusters[index].number, it)
      );
    });
    for (const { number } of clusters) this.#pending.set(number, shared);
    return shared;
  }

  /** Reads all parts with as few requests as possible, and keeps nothing. */
  async fillAtOnce(plan: DiskPlan, options: SourceReadOptions): Promise<void> {
    const { image, backing, packed } = this.#sources;
    const packedParts = plan.runs.map((run) => ({
      offset: run.offset,
      target: new Uint8Array(run.length),
    }));
    const below = plan.backing.flatMap((it) => insideOf(backing, it) ?? []);
    const reads = [readParts(image, [...plan.data, ...packedParts], options)];
    if (backing !== undefined) reads.push(readParts(backing, below, options));
    await allSettled(reads);
    for (const [index, run] of plan.runs.entries()) {
      const { target: bytes } = packedParts[index];
      const unpacked = await unpackRun(run, bytes, packed);
      for (const [at, { target, start }] of run.clusters.entries()) {
        copyPart(target, unpacked[at], start);
      }
    }
  }
}

/** Copies the part of a cluster that a target wants. */
export function copyPart(
  target: Uint8Array,
  cluster: Uint8Array | undefined,
  start: number,
): void {
  if (cluster !== undefined) {
    target.set(cluster.subarray(start, start + target.length));
  }
}

/**
 * Zeros what is past the end of the backing file; returns the rest, undefined
 * if there is none.
 */
export function insideOf(
  backing: ByteSource | undefined,
  { target, offset }: Part,
): Part | undefined {
  const length = Math.max(0, (backing?.byteLength ?? 0) - offset);
  if (length < target.length) target.fill(0, length);
  return length === 0
    ? undefined
    : { target: target.subarray(0, length), offset };
}

async function readParts(
  source: ByteSource,
  parts: readonly Part[],
  options: SourceReadOptions,
): Promise<void> {
  const ordered = parts.toSorted((a, b) => a.offset - b.offset);
  await readRanges(
    source,
    ordered.map(({ offset, target: { length } }) => ({ offset, length })),
    {
      ...options,
      take: (bytes, { offset, index }) => {
        const part = ordered[index];
        part.target.set(bytes, offset - part.offset);
        return Promise.resolve();
      },
    },
  );
}

/** Waits for all, since their targets are in use until then. */
async function allSettled(reads: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(reads)) {
    if (result.status === "rejected") throw result.reason;
  }
}
