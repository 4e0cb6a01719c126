/**
 * Prints 20,000 log lines on standard output, then creates the file that its
 * argument names, waits until what was not dropped has been read into a file
 * beside it, and prints one more line.
 *
 * @module
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { finishOutput, printLog } from "../output/output.ts";

const LINES = 20_000;
const line = "x".repeat(99);
for (let number = 0; number < LINES; number++) printLog(`${number} ${line}`);
const go = process.argv[2];
writeFileSync(go, "");
const copy = `${go}.part`;
const last = `\n${LINES - 1} ${line}\n`;
while (!existsSync(copy) || !readFileSync(copy, "utf8").endsWith(last)) {
  await sleep(10);
}
printLog("last");
await finishOutput(new AbortController().signal);
process.exit();
