/**
 * Runs the tests of `format/` and those of the suite that need no other
 * program, and prints their coverage of each area. Fails if that of `format/`
 * is too low.
 *
 * ```sh
 * deno run -A .ci/coverage.ts
 * ```
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const LINES_MIN = 95;
const BRANCHES_MIN = 90;

interface Coverage {
  lines: number;
  linesRun: number;
  branches: number;
  branchesRun: number;
}

/** Sums an lcov report by the first folder of each file. */
function sumByRoom(lcov: string, root: string): Map<string, Coverage> {
  const rooms = new Map<string, Coverage>();
  let room: Coverage | undefined;
  for (const line of lcov.split("\n")) {
    const [, key, value = ""] = /^(SF|LF|LH|BRF|BRH):(.*)$/.exec(line) ?? [];
    if (key === "SF") {
      const [name] = value.slice(root.length + 1).split("/");
      room = rooms.get(name) ??
        { lines: 0, linesRun: 0, branches: 0, branchesRun: 0 };
      rooms.set(name, room);
    } else if (room !== undefined && key !== undefined) {
      const count = Number(value);
      if (key === "LF") room.lines += count;
      if (key === "LH") room.linesRun += count;
      if (key === "BRF") room.branches += count;
      if (key === "BRH") room.branchesRun += count;
    }
  }
  return rooms;
}

/**
 * Returns what Deno prints. Failing tests are ignored here: another step
 * reports them.
 */
function deno(args: readonly string[]): string {
  const { stdout } = spawnSync("deno", args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return stdout;
}

function main(): number {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-coverage-"));
  try {
    const suite = readdirSync("conformance/proving")
      .filter((name) => name.endsWith("_test.ts") && !/url_import/.test(name))
      .map((name) => join("conformance/proving", name));
    const tests = [
      "format",
      "conformance/proving/faults/mutation_test.ts",
      ...suite,
    ];
    const run = ["test", "-A", "--no-check", "--quiet", ...tests];
    deno([...run, `--coverage=${folder}`]);
    const lcov = deno(["coverage", "--lcov", "--quiet", folder]);
    const rooms = sumByRoom(lcov, process.cwd());
    let good = false;
    for (const name of ["format", "reference"]) {
      const it = rooms.get(name);
      if (it === undefined) continue;
      const lines = 100 * it.linesRun / it.lines;
      const branches = 100 * it.branchesRun / it.branches;
      console.log(
        `figure: coverage of ${name}/: ${lines.toFixed(1)} % of lines, ` +
          `${branches.toFixed(1)} % of branches`,
      );
      if (name === "format") {
        good = lines >= LINES_MIN && branches >= BRANCHES_MIN;
      }
    }
    return good ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) process.exitCode = main();
