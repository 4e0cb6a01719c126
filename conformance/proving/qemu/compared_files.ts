import { Buffer } from "node:buffer";
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import {
  createFileSink,
  exportImage,
  openFileSource,
  openSnapshot,
} from "../../../mod.ts";
import {
  type DiffOptions,
  diffSnapshots,
  type DiffSummary,
  type SnapshotDifference,
} from "../../../reference/doors/convert.ts";

const PAGE = 4096;

/** What diffSnapshots() finds in two files. */
export interface FoundDifferences {
  readonly summary: DiffSummary;
  readonly differences: readonly SnapshotDifference[];
  /** Bytes that the process read meanwhile, from files of any kind. */
  readonly readBytes: number;
}

/** Compares the snapshots in two files. */
export async function diffFiles(
  a: string,
  b: string,
  options: DiffOptions = {},
): Promise<FoundDifferences> {
  using one = openFileSource(a);
  using other = openFileSource(b);
  const differences: SnapshotDifference[] = [];
  const before = bytesRead();
  const summary = await diffSnapshots(
    await openSnapshot(one),
    await openSnapshot(other),
    {
      ...options,
      onDifference(it) {
        differences.push(it);
      },
    },
  );
  return { summary, differences, readBytes: bytesRead() - before };
}

/** Returns the pages of a RAMBlock that differ, by `diffSnapshots`. */
export function pagesFound(
  { differences }: Pick<FoundDifferences, "differences">,
  block: string,
): number[] {
  return differences.flatMap((it) =>
    it.kind === "pages" && it.idstr === block
      ? Array.from({ length: it.end - it.first }, (_, at) => it.first + at)
      : []
  );
}

/** Returns the pages of a RAMBlock that differ, by `cmp` of flat images. */
export async function pagesByCmp(
  files: readonly [a: string, b: string],
  block: string,
): Promise<number[]> {
  const images: string[] = [];
  for (const path of files) {
    using source = openFileSource(path);
    const image = `${path}.img`;
    const ram = (await openSnapshot(source)).block(block);
    await exportImage(ram, createFileSink(image, { force: true }));
    images.push(image);
  }
  const { stdout } = spawnSync("cmp", ["-l", ...images], {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  const pages = stdout.trim().split("\n").filter((it) => it !== "")
    .map((line) => Math.floor((parseInt(line) - 1) / PAGE));
  return [...new Set(pages)];
}

/**
 * Copies a file by reflink, then writes the pages that differ from another: a
 * copy of that, which shares what has not changed.
 */
export function reflinkChanges(
  base: string,
  changed: string,
  copy: string,
): void {
  execFileSync("cp", ["--reflink=always", base, copy]);
  const [from, to] = [openSync(changed, "r"), openSync(copy, "r+")];
  const [bytes, others] = [Buffer.alloc(PAGE), Buffer.alloc(PAGE)];
  for (let at = 0;; at += PAGE) {
    const count = readSync(from, bytes, 0, PAGE, at);
    if (count === 0) break;
    readSync(to, others, 0, PAGE, at);
    if (!bytes.equals(others)) writeSync(to, bytes, 0, count, at);
  }
  ftruncateSync(to, fstatSync(from).size);
  for (const it of [from, to]) closeSync(it);
}

/** Returns the bytes that this process has read so far, cached or not. */
function bytesRead(): number {
  const text = readFileSync("/proc/self/io", "utf8");
  return Number(/^rchar: (\d+)$/m.exec(text)?.[1]);
}
