/**
 * Mutation testing: changes the code at one place at a time, and lists the
 * changes that no test detects, such as a removed check, an inverted comparison
 * or a shifted number. Works in a copy; the tree itself is never changed.
 *
 * ```sh
 * deno task mutate                          # all of format/
 * deno task mutate --sample 100 --seed 3    # some
 * deno task mutate format/vmdesc/vmdesc.ts         # one file
 * deno task mutate format/vmdesc/vmdesc.ts:150     # one line of it
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
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type ModuleGraph, readModuleGraph } from "./module_graph.ts";
import { type Mutant, mutantsOf } from "./mutants_of.ts";

/**
 * A test hangs if it takes this many times as long as without the change, plus
 * a fixed time.
 */
const SLOWER_MAX = 8;
const SLOWER_MS = 20_000;
const ROOMS = ["format", "reference", "conformance", "mod.ts", "deno.json"];
const MORE = ["deno.lock", "SPEC.md"];

/** The tests of conformance/proving/ that read every vector, or write. */
const SUITE =
  /^(read|write|sequential|dirty_bitmaps|libvirt\w*|verified|working_set_profile)_test\.ts$/;

/** The tests that a mutant must fail. */
class Tests {
  readonly #folder: string;
  readonly #graph: ModuleGraph;
  /** Time in milliseconds of each test that passes without changes. */
  readonly #good = new Map<string, number>();

  constructor(folder: string, files: readonly string[]) {
    this.#folder = folder;
    this.#graph = readModuleGraph(folder);
    const stages = files.flatMap((file) => this.#stages(file));
    for (const test of new Set(stages.flat())) {
      const start = performance.now();
      if (this.#pass([test], Infinity)) {
        this.#good.set(test, performance.now() - start);
      } else console.error(`${test} fails without any change and is ignored`);
    }
  }

  /** Whether all tests that concern the file pass. */
  passAll(file: string): boolean {
    return this.#stages(file).every((stage) => {
      const tests = stage.filter((it) => this.#good.has(it));
      const usual = tests.reduce((sum, it) => sum + this.#timeOf(it), 0);
      const timeout = SLOWER_MAX * usual + SLOWER_MS;
      return tests.length === 0 || this.#pass(tests, timeout);
    });
  }

  #timeOf(test: string): number {
    return this.#good.get(test) ?? 0;
  }

  /**
   * Returns the tests of a file in stages, the fast ones first: its own test,
   * those beside it, the suite.
   */
  #stages(file: string): string[][] {
    const ownTest = file.replace(/\.ts$/, "_test.ts");
    const tests = [...this.#graph.keys()].filter((it) =>
      it.endsWith("_test.ts") && reaches(this.#graph, it, file)
    );
    const suite = tests.filter((it) =>
      dirname(it) === "conformance/proving" && SUITE.test(basename(it))
    );
    const beside = tests.filter((it) =>
      dirname(it) === dirname(file) && it !== ownTest
    );
    return [tests.filter((it) => it === ownTest), beside, suite];
  }

  #pass(tests: readonly string[], timeout: number): boolean {
    const args = ["test", "-A", "--no-check", "--fail-fast", "--quiet"];
    const { status } = spawnSync("deno", [...args, ...tests], {
      cwd: this.#folder,
      stdio: "ignore",
      ...Number.isFinite(timeout) ? { timeout: Math.ceil(timeout) } : {},
    });
    return status === 0;
  }
}

/** Whether a file loads another one, directly or indirectly. */
function reaches(graph: ModuleGraph, from: string, to: string): boolean {
  const reached = new Set([from]);
  for (const it of reached) {
    if (it === to) return true;
    for (const { path, atRunTime } of graph.get(it) ?? []) {
      if (atRunTime && path !== undefined) reached.add(path);
    }
  }
  return false;
}

/** Whether a test fails with this mutant. */
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

/**
 * Selects evenly spread mutants, starting at a place that depends on the seed.
 */
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
  const places = positionals.length > 0 ? positionals : readdirSync("format")
    .filter((name) => /^(?!.*_test|mod\.ts).*\.ts$/.test(name))
    .map((name) => join("format", name));
  const mutants = places.flatMap((place) => {
    const [file, only] = place.split(":");
    return mutantsOf(file, readFileSync(file, "utf8"))
      .filter(({ line }) => only === undefined || line === Number(only));
  });
  const files = [...new Set(mutants.map(({ file }) => file))];
  const count = Number(values.sample), seed = Number(values.seed);
  const chosen = sampleOf(mutants, { count, seed });
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-mutants-"));
  const start = performance.now();
  let survivors = 0;
  try {
    for (const name of [...ROOMS, ...MORE]) {
      if (existsSync(name)) {
        cpSync(name, join(folder, name), { recursive: true });
      }
    }
    const tests = new Tests(folder, files);
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
    `${chosen.length} of ${mutants.length} mutants, ` +
      `${chosen.length - survivors} detected by a test, ${survivors} not; ` +
      `${seconds} s`,
  );
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
