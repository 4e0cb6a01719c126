/**
 * Reads all pages of the snapshot named by the first argument in a random order,
 * checked if a sidecar and a digest follow, and prints how many bytes of memory
 * that are not of files the process has at most.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
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
let most = 0;
for (let count = 0; count < ram.pageCount; count++) {
  ram.readPageIntoSync(page, count * STRIDE % ram.pageCount);
  if (count % 8192 === 0) most = Math.max(most, anonymousBytes());
}
console.log(Math.max(most, anonymousBytes()));

function anonymousBytes(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]) * 1024;
}
