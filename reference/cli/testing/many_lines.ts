/**
 * Runs many command lines in one process, which is faster than a process for
 * each. The argument is a JSON array of them. The output of each one ends, on
 * both streams, with a NUL, its exit code and another NUL.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { main } from "../main.ts";

const lines: string[][] = JSON.parse(process.argv[2]);
for (const args of lines) {
  const code = await main(args);
  for (const stream of [1, 2]) writeSync(stream, `\0${code}\0`);
}
// Threads that write may still be running.
process.exit(0);
