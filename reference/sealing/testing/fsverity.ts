import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const BLOCK = 4096;

/** Reason to skip a test that needs the tool `fsverity`. */
export const NO_FSVERITY = spawnSync("fsverity", ["--version"]).status === 0
  ? false
  : "fsverity is not installed";

/** What `fsverity digest` says about a file. */
export interface FsverityAnswer {
  /** `sha256:` and 64 digits. */
  readonly digest: string;
  /** The tree, without holes. */
  readonly tree: Uint8Array;
}

/** Runs `fsverity digest`; the file at `tree` is written. */
export function fsverityOf(path: string, tree: string): FsverityAnswer {
  const args = ["digest", `--out-merkle-tree=${tree}`, path];
  const { status, stdout, stderr } = spawnSync("fsverity", args, {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`fsverity: ${stderr}`);
  const [digest] = stdout.split(" ");
  return { digest, tree: readFileSync(tree) };
}

/**
 * Returns the tree of a sidecar with its holes filled in, as SPEC 14.6 says,
 * and their number.
 */
export function filledTree(
  sidecar: Uint8Array,
  dataLength: number,
): { readonly tree: Uint8Array; readonly holes: number } {
  const tree = sidecar.slice(BLOCK);
  const dataBlocks = Math.ceil(dataLength / BLOCK);
  const counts: number[] = [];
  for (let count = dataBlocks; count > 1;) {
    count = Math.ceil(count / 128);
    counts.unshift(count);
  }
  let at = 0;
  let holes = 0;
  for (const [index, count] of counts.entries()) {
    const level = counts.length - index;
    const constant = constantOf(level);
    for (let block = 0; block < count; block++, at += BLOCK) {
      const bytes = tree.subarray(at, at + BLOCK);
      const isFull = (block + 1) * 128 ** level <= dataBlocks;
      if (!isFull || bytes.some((byte) => byte !== 0)) continue;
      bytes.set(constant);
      holes++;
    }
  }
  return { tree, holes };
}

function constantOf(level: number): Uint8Array {
  if (level === 0) return new Uint8Array(BLOCK);
  const hash = createHash("sha256").update(constantOf(level - 1)).digest();
  const block = new Uint8Array(BLOCK);
  for (let at = 0; at < BLOCK; at += hash.length) block.set(hash, at);
  return block;
}
