/**
 * Runs benchmarks and prints the results beside their limits. They are not
 * tests: a missed goal is not a failure.
 *
 * ```sh
 * deno task bench            # all of them
 * deno task bench open load  # some
 * bun conformance/bench/main.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import { benchCheckpoint } from "./checkpoint.ts";
import { benchConvert } from "./convert.ts";
import { benchDiff } from "./diff.ts";
import { benchHttp } from "./http.ts";
import { benchLoad } from "./load.ts";
import { benchLoadBesideQemu } from "./load_beside_qemu.ts";
import { benchOpen } from "./open.ts";
import { benchPack } from "./pack.ts";
import { benchPageFaults } from "./page_faults.ts";
import { benchPageRead } from "./page_read.ts";
import { benchResume } from "./resume.ts";
import { benchSave } from "./save.ts";
import { benchSaveLimits } from "./save_limits.ts";
import { benchSeal } from "./seal.ts";
import { benchStart } from "./start.ts";
import { benchVerity } from "./verity.ts";
import { benchZeroScan } from "./zero_scan.ts";

const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = {
  "page-read": benchPageRead,
  "page-faults": benchPageFaults,
  "open": benchOpen,
  "zero-scan": benchZeroScan,
  "save": benchSave,
  "save-limits": benchSaveLimits,
  "load": benchLoad,
  "load-qemu": benchLoadBesideQemu,
  "http": benchHttp,
  "convert": benchConvert,
  "seal": benchSeal,
  "verity": benchVerity,
  "pack": benchPack,
  "checkpoint": benchCheckpoint,
  "diff": benchDiff,
  "resume": benchResume,
  "start": benchStart,
};

if (import.meta.main) {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !(name in BENCHMARKS));
  if (unknown.length > 0) {
    const available = Object.keys(BENCHMARKS).join(", ");
    console.error(
      `No benchmark ${unknown.join(", ")}, expected one of ${available}`,
    );
    process.exitCode = 2;
  } else {
    for (const [name, run] of Object.entries(BENCHMARKS)) {
      // "save" includes "save-limits", and "load" includes "load-qemu".
      const [family] = name.split("-");
      const isWanted = names.includes(name) || names.includes(family);
      if (names.length > 0 && !isWanted) continue;
      await run();
      console.log();
    }
  }
}
