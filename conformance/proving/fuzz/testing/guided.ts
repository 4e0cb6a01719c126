/**
 * Coverage-guided fuzzing: an input that reaches new code, or reaches code more
 * often than before, is mutated further. The parsers run as one module, bundled
 * and instrumented by istanbul.
 *
 * ```sh
 * deno task fuzz-guided --seconds 600
 * ```
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { FuzzSeed } from "../fuzz_seeds.ts";
import { CoverageMap } from "./coverage_map.ts";

type Entry = typeof import("../guided_entry.ts");

/** An input: a seed, and the numbers of the mutations applied in turn. */
interface Input {
  readonly seed: FuzzSeed;
  readonly numbers: readonly number[];
}

const CHAIN_MAX = 12;

/** Bundles and instruments the parsers, and loads them. */
async function loadInstrumented(folder: string): Promise<Entry> {
  const { createInstrumenter } = await import("istanbul-lib-instrument");
  const entry = fileURLToPath(new URL("../guided_entry.ts", import.meta.url));
  const bundle = join(folder, "bundle.mjs");
  execFileSync("deno", ["bundle", "--quiet", "--output", bundle, entry], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const instrumented = join(folder, "instrumented.mjs");
  const instrumenter = createInstrumenter({
    esModules: true,
    parserPlugins: ["explicitResourceManagement", "importMeta", "bigInt"],
  });
  const code = instrumenter.instrumentSync(
    readFileSync(bundle, "utf8"),
    instrumented,
  );
  writeFileSync(instrumented, code);
  return await import(pathToFileURL(instrumented).href);
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      target: { type: "string" },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-guided-"));
  try {
    const entry = await loadInstrumented(folder);
    return await fuzz(entry, {
      seconds: Number(values.seconds),
      first: Number(values.seed),
      target: values.target,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface GuidedOptions {
  readonly seconds: number;
  readonly first: number;
  readonly target: string | undefined;
}

async function fuzz(
  { FUZZ_TARGETS, ...entry }: Entry,
  { seconds, first, target: only }: GuidedOptions,
): Promise<number> {
  const targets = FUZZ_TARGETS.filter(({ name }) =>
    only === undefined || name === only
  );
  const seeds = {
    // Only small ones: thousands of inputs per second matter more than size.
    snapshot: entry.snapshotSeeds().filter(({ bytes }) =>
      bytes.length < 1_300_000
    ),
    qcow2: entry.qcow2Seeds(),
    ...entry.TEXT_SEEDS,
  };
  const found = new Map(targets.map(({ name }) => [name, [] as Input[]]));
  const map = new CoverageMap();
  using meter = new entry.AllocationMeter();
  const start = performance.now();
  let count = 0, findings = 0, shown = start;
  for (; performance.now() - start < 1000 * seconds; count++) {
    const number = first + count;
    const random = entry.randomNumbers(number);
    const target = targets[random(targets.length)];
    const pool = seeds[target.input];
    if (pool.length === 0) continue; // Without qemu-img there are no images.
    const corpus = found.get(target.name) ?? [];
    const parent: Input = corpus.length > 0 && random(4) > 0
      ? corpus[Math.max(random(corpus.length), random(corpus.length))]
      : { seed: pool[random(pool.length)], numbers: [] };
    const numbers = [...parent.numbers, number].slice(-CHAIN_MAX);
    const input = { seed: parent.seed, numbers };
    const changes = numbers.map((it) =>
      entry.mutateSeed(input.seed, pool, entry.randomNumbers(it))
    );
    const bytes = changes.at(-1)?.bytes ?? input.seed.bytes;
    map.reset();
    const wrong = await entry.checkTarget(target, bytes, meter);
    if (wrong !== undefined) {
      findings++;
      const file = join(tmpdir(), `mapped-ram-guided-${target.name}-${number}`);
      writeFileSync(file, bytes);
      console.error(
        `${target.name}, from ${input.seed.path}: ${file}\n  ${wrong}`,
      );
    } else if (map.add()) corpus.push(input);
    for (const { restore } of changes.toReversed()) restore();
    if (performance.now() - shown > 30_000) {
      shown = performance.now();
      console.error(`${count} inputs, ${map.places} places reached`);
    }
  }
  const kept = [...found.values()].reduce((sum, it) => sum + it.length, 0);
  console.log(
    `figure: ${count} inputs by coverage in ${seconds} s, ${kept} kept, ` +
      `${map.places} places reached, ${findings} findings`,
  );
  return findings === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
