import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { env, execPath } from "node:process";
import { after, before, test } from "node:test";
import { ENTRIES, modules, ROOT } from "./project.ts";
import { BuildFolder, PATIENT } from "./testing/build_folder.ts";

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
    line: [execPath, "run", "--allow-all"],
    oldest: 2,
  },
  {
    name: "Bun",
    line: ["bun"],
    oldest: 1,
  },
  {
    name: "Node",
    line: ["node"],
    oldest: 20,
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

let built: BuildFolder;
let folder: string;
let main: string;

before(() => {
  built = new BuildFolder();
  built.build(built.dist, "--only", "bundle");
  folder = join(built.dist, "bundle");
  main = join(folder, "main.js");
}, PATIENT);

after(() => built[Symbol.dispose]());

test("the entries are the modules that are started as a program or thread", () => {
  const started = modules().flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const code = text.replaceAll(/\/\*[^]*?\*\//g, "");
    return [...code.matchAll(/entryUrl\(\s*"([^"]+)"/g)].map(([, path]) =>
      posix.join(posix.dirname(file), path)
    );
  });
  const expected = ["reference/cli/main.ts", ...started].sort();
  assert.deepEqual(ENTRIES.toSorted(), expected);
});

test("no thread is started by a URL that is missing in a bundle", () => {
  const offenders = modules().filter((it) =>
    /new URL\(\s*"[^"]*\.ts"/.test(
      readFileSync(join(ROOT, it), "utf8"),
    )
  );
  assert.deepEqual(offenders, []);
});

for (const runtime of RUNTIMES) {
  test(`${runtime.name} saves, shows and loads from a bundle`, {
    skip: reasonToSkip(runtime),
    timeout: 300_000,
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
      const [digest] = run("seal", "ram.img", "--jobs", "2").split(" ");
      run("seal", "ram.img", "--check", digest, "--jobs", "1");
    } finally {
      rmSync(files, { recursive: true });
    }
  });

  test(`${runtime.name} prints errors to a file without the thread for it`, {
    skip: reasonToSkip(runtime),
    timeout: 300_000,
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
