import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Field, FuzzSeed } from "./fuzz_seeds.ts";

/** Whether `qemu-img` is installed. */
export const HAS_QEMU_IMG: boolean =
  spawnSync("qemu-img", ["--version"]).status === 0;

/** Name of the raw backing file of the seeds. */
export const BACKING_NAME = "base.raw";

/** The backing file of the seeds that have one: shorter than their disks. */
export function backingBytes(): Uint8Array {
  return Uint8Array.from({ length: 100_000 }, (_, at) => at % 251 + 1);
}

/** Options of `qemu-img convert` and of its target, one seed each. */
const CONVERTED = [
  ["-c"],
  ["-c", "-o", "compression_type=zstd"],
  ["-c", "-o", "cluster_size=512"],
  ["-c", "-o", "cluster_size=4k,compression_type=zstd"],
  ["-c", "-o", "compat=0.10,cluster_size=4k"],
  ["-o", "cluster_size=4k"],
  ["-o", "cluster_size=1k,compat=0.10"],
  ["-o", "extended_l2=on,cluster_size=16k"],
  ["-c", "-o", "extended_l2=on,cluster_size=16k,compression_type=zstd"],
];

/** Commands of `qemu-io` that write to images with a backing file. */
const WRITES = [
  ...["write -P 7 4096 3000", "write -z 20480 16384", "write -P 9 98304 512"],
  ...["write -c -P 5 65536 16384", "write -z -u 131072 4096"],
];

/** Makes an image of each kind by `qemu-img`; none if it is not installed. */
export function qcow2Seeds(): FuzzSeed[] {
  if (!HAS_QEMU_IMG) return [];
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-qcow2-"));
  const run = (command: string, args: readonly string[]) =>
    execFileSync(command, args, { cwd: folder, stdio: "pipe" });
  const seed = (path: string) =>
    seedOf(path, new Uint8Array(readFileSync(join(folder, "seed.qcow2"))));
  try {
    writeFileSync(join(folder, BACKING_NAME), backingBytes());
    writeFileSync(join(folder, "disk.raw"), diskBytes());
    const seeds = CONVERTED.map((options) => {
      const files = ["disk.raw", "seed.qcow2"];
      run("qemu-img", ["convert", "-O", "qcow2", ...options, ...files]);
      return seed(`qcow2 ${options.join(" ")}`);
    });
    for (
      const options of ["cluster_size=4k", "cluster_size=16k,extended_l2=on"]
    ) {
      const base = ["-b", BACKING_NAME, "-F", "raw", "-o", options];
      run("qemu-img", [
        ...["create", "-f", "qcow2", ...base],
        ...["seed.qcow2", "200k"],
      ]);
      const writes = WRITES.flatMap((it) => ["-c", it]);
      run("qemu-io", ["-f", "qcow2", ...writes, "seed.qcow2"]);
      run("qemu-img", ["snapshot", "-c", "inside", "seed.qcow2"]);
      seeds.push(seed(`qcow2 -b ${options}`));
    }
    return seeds;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs of every kind: text, noise, zeros. */
function diskBytes(): Uint8Array {
  const bytes = new Uint8Array(150_000);
  let state = 1;
  for (let at = 0; at < bytes.length; at++) {
    state = Math.imul(state, 0x41c64e6d) + 12345 >>> 0;
    const kind = Math.floor(at / 10_000) % 3;
    if (kind === 0) bytes[at] = 65 + at % 23;
    else if (kind === 1) bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Header fields: positions and lengths. */
const HEADER: readonly Field[] = [
  ...[[4, 4], [8, 8], [16, 4], [20, 4], [24, 8], [32, 4], [36, 4]] as const,
  ...[[40, 8], [48, 8], [56, 4], [60, 4], [64, 8], [72, 8]] as const,
  ...[[80, 8], [88, 8], [96, 4], [100, 4], [104, 1]] as const,
];
/** Entries of a table that are fields. */
const ENTRIES_MAX = 64;

function seedOf(path: string, bytes: Uint8Array): FuzzSeed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const clusterSize = 2 ** view.getUint32(20);
  const l1 = view.getUint32(44);
  const fields: Field[] = [...HEADER];
  const places: [number, number][] = [[0, 0x300]];
  for (let index = 0; index < view.getUint32(36); index++) {
    fields.push([l1 + 8 * index, 8]);
    const l2 = view.getUint32(l1 + 8 * index + 4);
    if (l2 === 0) continue;
    places.push([l2, l2 + 8 * ENTRIES_MAX]);
    for (
      let at = l2;
      at < l2 + Math.min(8 * ENTRIES_MAX, clusterSize);
      at += 8
    ) {
      fields.push([at, 8]);
    }
  }
  places.push([0, bytes.length]);
  return { path, bytes, fields, places };
}
