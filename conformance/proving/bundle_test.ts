import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { env, execPath } from "node:process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ON_DENO = "Deno" in globalThis;

/** The command line of the bundle task. */
const TASK: string =
  JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")).tasks.bundle;
const ENTRIES = TASK.split(" ").filter((it) => it.endsWith(".ts"));

interface Runtime {
  readonly name: string;
  readonly line: readonly string[];
  /** The oldest version that can run the bundle. */
  readonly oldest: number;
  /** The environment variable that is 1 if this runtime is required. */
  readonly require?: string;
}

/** The runtimes that run the bundle, with the oldest supported version. */
const RUNTIMES: readonly Runtime[] = [
  {
    name: "Deno",
    line: [ON_DENO ? execPath : "deno", "run", "--allow-all"],
    oldest: 2,
  },
  {
    name: "Bun",
    line: [ON_DENO ? "bun" : execPath],
    oldest: 1,
  },
  {
    name: "Node",
    line: ["node"],
    oldest: 24,
    require: "MAPPED_RAM_REQUIRE_NODE",
  },
];

/** Returns why a runtime cannot be tested; false if it can. */
function reasonToSkip(
  { name, line, oldest, require }: Runtime,
): string | false {
  if (require !== undefined && env[require] === "1") return false;
  try {
    const version = execFileSync(line[0], ["--version"], { encoding: "utf8" });
    if (Number.parseInt(version.replace(/^\D+/, "")) >= oldest) return false;
  } catch {
    // It is missing.
  }
  return `there is no ${name} ${oldest} or later on PATH`;
}

let folder: string;
let main: string;

/** Bundles with esbuild, or on Bun with its own bundler. */
before(() => {
  folder = mkdtempSync(join(tmpdir(), "mapped-ram-bundle-"));
  const out = `--outdir=${folder}`;
  const args = ON_DENO
    ? ["task", "--quiet", "bundle", out, "--log-level=warning"]
    : [
      ...["build", "--splitting", "--target=node", out],
      ...["--entry-naming=[name].[ext]", ...ENTRIES],
    ];
  execFileSync(execPath, args, { cwd: ROOT, stdio: "pipe" });
  main = join(folder, "main.js");
});

after(() => rmSync(folder, { recursive: true }));

/**
 * Returns all TypeScript files of the library and the command line except
 * tests.
 */
function sources(): string[] {
  return readdirSync(join(ROOT, "reference"), { recursive: true })
    .map((it) => posix.join("reference", String(it)))
    .filter((it) => it.endsWith(".ts") && !it.endsWith("_test.ts"));
}

test("the bundle task names each module that is started as a program or thread", () => {
  const started = sources().flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const code = text.replaceAll(/\/\*[^]*?\*\//g, "");
    return [...code.matchAll(/entryUrl\(\s*"([^"]+)"/g)].map(([, path]) =>
      posix.join(posix.dirname(file), path)
    );
  });
  const expected = ["reference/cli/main.ts", ...started].sort();
  assert.deepEqual(ENTRIES, expected);
});

test("no thread is started by a URL that is missing in a bundle", () => {
  const offenders = sources().filter((it) =>
    !it.includes("/testing/") && /new URL\(\s*"[^"]*\.ts"/.test(
      readFileSync(join(ROOT, it), "utf8"),
    )
  );
  assert.deepEqual(offenders, []);
});

for (const runtime of RUNTIMES) {
  test(`${runtime.name} saves, shows and loads from a bundle`, {
    skip: reasonToSkip(runtime),
    timeout: 120_000,
  }, () => {
    const files = mkdtempSync(join(tmpdir(), "mapped-ram-bundled-"));
    const [program, ...start] = runtime.line;
    const run = (...args: readonly string[]) =>
      execFileSync(program, [...start, main, ...args], {
        cwd: files,
        encoding: "utf8",
      });
    try {
      // Two threads share 128 MiB with data in each chunk.
      const image = new Uint8Array(128 << 20);
      for (let at = 0; at < image.length; at += 0x10000) {
        image.fill((at >> 16) | 1, at, at + 0x1000);
      }
      writeFileSync(join(files, "ram.img"), image);
      run("save", "vm.mr", "--block", "ram=ram.img", "--jobs", "2");
      const { blocks } = JSON.parse(run("info", "vm.mr", "--json"));
      assert.equal(blocks[0].usedLength, image.length);
      run("load", "vm.mr", "out", "--jobs", "2");
      const loaded = readFileSync(join(files, "out", "ram.img"));
      assert(loaded.equals(image));
    } finally {
      rmSync(files, { recursive: true });
    }
  });

  test(`${runtime.name} prints errors to a file without the thread for it`, {
    skip: reasonToSkip(runtime),
    timeout: 120_000,
  }, () => {
    const files = mkdtempSync(join(tmpdir(), "mapped-ram-bundled-"));
    try {
      cpSync(folder, files, {
        recursive: true,
        filter: (path) => !path.endsWith("output_worker.js"),
      });
      const [program, ...start] = runtime.line;
      const args = [...start, join(files, "main.js"), "info", "missing.mr"];
      const log = openSync(join(files, "log"), "w");
      const { status } = spawnSync(program, args, {
        cwd: files,
        stdio: ["ignore", "ignore", log],
      });
      closeSync(log);
      assert.match(
        readFileSync(join(files, "log"), "utf8"),
        /^error: Cannot open "missing\.mr": no such file or directory$/m,
      );
      assert.equal(status, 1);
    } finally {
      rmSync(files, { recursive: true });
    }
  });
}
