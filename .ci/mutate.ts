/**
 * Breaks the rooms' code one place at a time, and shows which breaks no test
 * sees: a check dropped, a comparison turned, a number or an offset shifted.
 * Works in a copy; the tree itself is never changed.
 *
 * ```sh
 * deno task mutate                          # all of format/
 * deno task mutate --sample 100 --seed 3    # some
 * deno task mutate format/vmdesc.ts         # one file
 * ```
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type Mutant, mutantsOf } from "./mutants_of.ts";

const TIMEOUT_MS = 120_000;
const ROOMS = ["format", "reference", "conformance", "mod.ts", "deno.json"];
const MORE = ["deno.lock", "SPEC.md"];

/** The tests of conformance/ that read every vector, and write. */
const SUITE =
  /^(read|write|sequential|dirty_bitmaps|libvirt\w*|working_set_profile)_test\.ts$/;

/** The tests that a break has to fail: its own first, since they are fast. */
class Tests {
  readonly #folder: string;
  /** The tests that pass as long as nothing is broken. */
  readonly #good: ReadonlySet<string>;

  constructor(folder: string) {
    this.#folder = folder;
    const format = readdirSync("format").filter((it) => it.endsWith("_test.ts"))
      .map((name) => join("format", name));
    const suite = readdirSync("conformance").filter((name) => SUITE.test(name))
      .map((name) => join("conformance", name));
    const good = new Set<string>();
    for (const test of [...suite, ...format]) {
      if (this.#pass([test])) good.add(test);
      else console.error(`${test} fails unbroken: it is left out`);
    }
    this.#good = good;
  }

  /** Whether all of them pass. */
  passAll(file: string): boolean {
    const own = file.replace(/\.ts$/, "_test.ts");
    const suite = [...this.#good].filter((it) => it.startsWith("conformance"));
    const rest = [...this.#good].filter((it) => it.startsWith("format"));
    const stages = [this.#good.has(own) ? [own] : [], suite, rest];
    return stages.every((tests) => tests.length === 0 || this.#pass(tests));
  }

  #pass(tests: readonly string[]): boolean {
    const args = ["test", "-A", "--no-check", "--fail-fast", "--quiet"];
    const { status } = spawnSync("deno", [...args, ...tests], {
      cwd: this.#folder,
      stdio: "ignore",
      timeout: TIMEOUT_MS,
    });
    return status === 0;
  }
}

/** Whether some test fails when the code is broken in this way. */
function isKilled(
  { file, text }: Mutant,
  { folder, tests }: { readonly folder: string; readonly tests: Tests },
): boolean {
  const path = join(folder, file);
  const before = readFileSync(path, "utf8");
  writeFileSync(path, text);
  try {
    return !tests.passAll(file);
  } finally {
    writeFileSync(path, before);
  }
}

/** Some of the mutants, spread evenly, from another one on for each seed. */
function sampleOf(
  all: readonly Mutant[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Mutant[] {
  if (count >= all.length) return [...all];
  const step = all.length / count;
  const first = seed * 0.618 % 1 * step;
  return Array.from(
    { length: count },
    (_, index) => all[Math.floor(first + index * step)],
  );
}

function main(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      sample: { type: "string", default: "Infinity" },
      seed: { type: "string", default: "1" },
    },
  });
  const files = positionals.length > 0 ? positionals : readdirSync("format")
    .filter((name) => /^(?!.*_test|mod\.ts).*\.ts$/.test(name))
    .map((name) => join("format", name));
  const all = files.flatMap((file) =>
    mutantsOf(file, readFileSync(file, "utf8"))
  );
  const count = Number(values.sample), seed = Number(values.seed);
  const chosen = sampleOf(all, { count, seed });
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-mutants-"));
  const start = performance.now();
  let survivors = 0;
  try {
    for (const name of [...ROOMS, ...MORE]) {
      if (existsSync(name)) {
        cpSync(name, join(folder, name), { recursive: true });
      }
    }
    const tests = new Tests(folder);
    for (const mutant of chosen) {
      if (isKilled(mutant, { folder, tests })) continue;
      survivors++;
      const { file, line, before, after } = mutant;
      console.log(`${file}:${line}: no test fails with "${after}"`);
      console.log(`  ${before.trim()}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `${chosen.length} of ${all.length} breaks, ` +
      `${chosen.length - survivors} seen by a test, ${survivors} not; ` +
      `${seconds} s`,
  );
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
