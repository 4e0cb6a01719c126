import { FormatError, hex } from "../../format/rules/mod.ts";
import { SourceError } from "../sources/mod.ts";
import type { PackedRun } from "./disk_plan.ts";
import type { UnpackCluster, UnpackClusterSync } from "./unpack_cluster.ts";

/** The image that a run is in. */
export interface PackedImage<Unpack> {
  readonly name: string;
  readonly clusterSize: number;
  readonly unpack: Unpack;
}

/** Unpacks the clusters of a run from its bytes. */
export async function unpackRun(
  { offset, clusters }: PackedRun,
  bytes: Uint8Array,
  image: PackedImage<UnpackCluster>,
): Promise<Uint8Array[]> {
  const unpacked: Uint8Array[] = [];
  for (const it of clusters) {
    const start = it.offset - offset;
    const packed = bytes.subarray(start, start + it.length);
    try {
      const cluster = image.unpack(packed, image.clusterSize);
      unpacked.push(
        checkLength(
          cluster instanceof Uint8Array ? cluster : await cluster,
          it.offset,
          image,
        ),
      );
    } catch (cause) {
      throw errorOf(cause, it.offset, image);
    }
  }
  return unpacked;
}

/** Unpacks the clusters of a run from its bytes synchronously. */
export function unpackRunSync(
  { offset, clusters }: PackedRun,
  bytes: Uint8Array,
  image: PackedImage<UnpackClusterSync>,
): Uint8Array[] {
  return clusters.map((it) => {
    const start = it.offset - offset;
    const packed = bytes.subarray(start, start + it.length);
    try {
      const cluster = image.unpack(packed, image.clusterSize);
      return checkLength(cluster, it.offset, image);
    } catch (cause) {
      throw errorOf(cause, it.offset, image);
    }
  });
}

function checkLength(
  cluster: Uint8Array,
  offset: number,
  image: PackedImage<unknown>,
): Uint8Array {
  if (cluster.length !== image.clusterSize) {
    throw wrongCluster(image, offset, { found: hex(cluster.length) });
  }
  // A small view of a large buffer would keep all of it in memory.
  return cluster.buffer.byteLength > cluster.length ? cluster.slice() : cluster;
}

function errorOf(
  cause: unknown,
  offset: number,
  image: PackedImage<unknown>,
): unknown {
  const isOurs = cause instanceof FormatError || cause instanceof SourceError;
  return isOurs
    ? cause
    : wrongCluster(image, offset, { found: "something else", cause });
}

function wrongCluster(
  { name, clusterSize }: PackedImage<unknown>,
  offset: number,
  { found, cause }: { readonly found: string; readonly cause?: unknown },
): FormatError {
  return new FormatError(name, {
    rule: "qcow2-compressed",
    offset,
    found: `a compressed cluster that unpacks to ${found}`,
    expected: `${hex(clusterSize)} bytes`,
  }, { cause });
}
