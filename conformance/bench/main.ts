/**
 * Measures, and prints what comes out side by side with what bounds it. It is no
 * test: nothing fails when a figure is missed.
 *
 * ```sh
 * deno task bench              # all of them
 * deno task bench open load    # some
 * bun conformance/bench/main.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import { benchHttp } from "./http.ts";
import { benchLoad } from "./load.ts";
import { benchOpen } from "./open.ts";
import { benchPageRead } from "./page_read.ts";
import { benchResume } from "./resume.ts";
import { benchSave } from "./save.ts";
import { benchZeroScan } from "./zero_scan.ts";

const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = {
  "page-read": benchPageRead,
  "open": benchOpen,
  "zero-scan": benchZeroScan,
  "save": benchSave,
  "load": benchLoad,
  "http": benchHttp,
  "resume": benchResume,
};

if (import.meta.main) {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !(name in BENCHMARKS));
  if (unknown.length > 0) {
    const known = Object.keys(BENCHMARKS).join(", ");
    console.error(`No benchmark ${unknown.join(", ")}; there are: ${known}`);
    process.exitCode = 2;
  } else {
    for (const [name, run] of Object.entries(BENCHMARKS)) {
      if (names.length > 0 && !names.includes(name)) continue;
      await run();
      console.log();
    }
  }
}
