/**
 * A program that opens a snapshot as `PagedMemory` while a function fails, and
 * prints how many GiB of memory, descriptors and threads more it has after 8
 * attempts, as JSON. Its arguments are the function and the snapshot.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { Userfaultfd } from "../../linux/mod.ts";
import { linux } from "../../system/mod.ts";
import { PagedMemory } from "../paged_memory.ts";

const ATTEMPTS = 8;

const FUNCTIONS: Readonly<Record<string, readonly [object, () => number]>> = {
  create: [Userfaultfd, refuse],
  register: [Userfaultfd.prototype, refuse],
  eventfd: [linux().call, () => -1],
};

function refuse(): never {
  throw new Error("refused");
}

function count(folder: string): number {
  return readdirSync(`/proc/self/${folder}`).length;
}

function resources(): readonly number[] {
  const [pages] = readFileSync("/proc/self/statm", "utf8").split(" ");
  const bytes = Number(pages) * linux().pageSize;
  return [Math.round(bytes / 2 ** 30), count("fd"), count("task")];
}

async function attempt(path: string): Promise<void> {
  await PagedMemory.open(path).then(
    () => process.exit(1),
    () => {},
  );
}

const [name, path] = process.argv.slice(2);
const [owner, fail] = FUNCTIONS[name];
Reflect.set(owner, name, fail);
await attempt(path); // what it starts first may stay
const before = resources();
for (let it = 0; it < ATTEMPTS; it++) await attempt(path);
console.log(JSON.stringify(resources().map((it, at) => it - before[at])));
process.exit();
