/**
 * Saves an image with the given number of jobs, or not at all with 0, and
 * prints the peak memory of the process in bytes.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { createFileSink, openFileSource, saveSnapshot } from "../../mod.ts";

const [image, out, jobs] = process.argv.slice(2);
if (jobs !== "0") {
  using source = openFileSource(image);
  await saveSnapshot(createFileSink(out, { force: true }), [
    { idstr: "ram", source },
  ], { jobs: Number(jobs) });
}
const peak = /^VmHWM:\s*(\d+) kB/m.exec(
  readFileSync("/proc/self/status", "utf8"),
)?.[1];
console.log(Number(peak) * 1024);
