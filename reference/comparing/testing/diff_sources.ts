import { packQcow2 } from "../../packing/mod.ts";
import { openQcow2 } from "../../qcow2/mod.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { memorySink } from "../../sinks/mod.ts";
import { type ByteSource, memorySource } from "../../sources/mod.ts";
import { WatchedSource } from "../../testing/watched_source.ts";
import {
  type DiffOptions,
  diffSnapshots,
  type SnapshotDifference,
} from "../mod.ts";

/** Compares two sources; returns the summary, and the differences. */
export async function diff(
  a: ByteSource,
  b: ByteSource,
  options: DiffOptions = {},
) {
  const differences: SnapshotDifference[] = [];
  const [one, other] = [await openSnapshot(a), await openSnapshot(b)];
  const summary = await diffSnapshots(one, other, {
    ...options,
    onDifference(it) {
      differences.push(it);
    },
  });
  return { summary, differences };
}

/** Packs bytes, on top of others if they are given; opens the disk. */
export async function image(
  bytes: Uint8Array,
  { clusterSize, backing }: {
    readonly clusterSize: number;
    readonly backing?: ByteSource | undefined;
  },
): Promise<{ readonly disk: ByteSource; readonly file: WatchedSource }> {
  const sink = memorySink();
  await packQcow2(memorySource(bytes), sink, {
    clusterSize,
    ...backing && { backing: { source: backing, name: "base", format: "raw" } },
  });
  const file = new WatchedSource(sink.bytes());
  const openBacking = () => {
    if (backing === undefined) throw new Error("there is no backing");
    return backing;
  };
  return { disk: await openQcow2(file, { openBacking }), file };
}
