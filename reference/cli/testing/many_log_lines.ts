/**
 * Prints 20,000 log lines on standard output, then creates the file that its
 * argument names, and prints one more line.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { finishOutput, printLog } from "../output/output.ts";

const line = "x".repeat(99);
for (let number = 0; number < 20_000; number++) printLog(`${number} ${line}`);
await sleep(500);
writeFileSync(process.argv[2], "");
printLog("last");
await finishOutput(new AbortController().signal);
process.exit();
