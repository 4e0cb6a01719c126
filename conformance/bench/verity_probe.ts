/**
 * Reads all pages of the snapshot named by the first argument in a random order,
 * checked if a sidecar and a digest follow, and prints how many bytes are in use
 * afterwards, once the garbage is collected.
 *
 * @module
 */

import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  openFileSource,
  openSnapshotSync,
  verifiedSourceSync,
} from "../../mod.ts";

/** A number without a common factor with the page count. */
const STRIDE = 100_003;

const [path, tree, digest] = process.argv.slice(2);
using file = openFileSource(path);
const source = tree === undefined
  ? file
  : verifiedSourceSync(file, { tree: openFileSource(tree), digest });
const ram = openSnapshotSync(source).block("ram");
const page = new Uint8Array(ram.pageSize);
for (let count = 0; count < ram.pageCount; count++) {
  ram.readPageIntoSync(page, count * STRIDE % ram.pageCount);
}
collect();
const { heapUsed, external } = process.memoryUsage();
// Pages stay readable, so nothing of the source was collected.
ram.readPageIntoSync(page, 0);
console.log(heapUsed + external);

function collect(): void {
  const { Bun: bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (bun !== undefined) return bun.gc(true);
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
