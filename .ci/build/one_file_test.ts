import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { after, before, test } from "node:test";
import { ROOT } from "./project.ts";

let folder: string;

/** Saves memory that is large enough for two threads. */
const PROGRAM = `
  import { createFileSink, memorySource, saveSnapshot } from "./mapped_ram.js";
  import process from "node:process";
  const [path, jobs] = process.argv.slice(2);
  const ram = new Uint8Array(new SharedArrayBuffer(0x8000000)).fill(7, 0x7000000);
  const source = memorySource(ram);
  const blocks = [{ idstr: "ram", source }];
  try {
    await saveSnapshot(createFileSink(path), blocks, { jobs: Number(jobs) });
  } catch (error) {
    console.log(String(error));
  }`;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "mapped-ram-one-file-"));
  const args = ["run", "--allow-all", join(ROOT, ".ci/build/main.ts")];
  const options = ["--only", "one-file", "--out", folder];
  execFileSync(execPath, [...args, ...options], { stdio: "pipe" });
  writeFileSync(join(folder, "program.mjs"), PROGRAM);
});

after(() => rmSync(folder, { recursive: true }));

/** Runs the program on a runtime; returns what it prints. */
function save(runtime: readonly string[], name: string, jobs: number): string {
  const [program, ...args] = [...runtime, "program.mjs", name, String(jobs)];
  const options = { cwd: folder, encoding: "utf8", timeout: 60_000 } as const;
  return execFileSync(program, args, { ...options, stdio: "pipe" });
}

test("the one file starts its threads itself, or says why it cannot", () => {
  const deno = [execPath, "run", "--allow-all"];
  for (const jobs of [1, 2]) assert.equal(save(deno, `${jobs}.mr`, jobs), "");
  const [one, two] = ["1.mr", "2.mr"].map((it) =>
    readFileSync(join(folder, it))
  );
  assert(one.equals(two));
  const node = ["node", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"];
  assert.equal(save(node, "node.mr", 1), "");
  assert(one.equals(readFileSync(join(folder, "node.mr"))));
  assert.match(
    save(node, "threads.mr", 2),
    /^SourceError: Cannot start a thread: .* import the npm package, or omit jobs$/m,
  );
});
