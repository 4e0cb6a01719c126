import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { after, before, test } from "node:test";
import { BuildFolder, PATIENT } from "./testing/build_folder.ts";

let built: BuildFolder;

/** Saves and seals memory that is large enough for two threads. */
const PROGRAM = `
  import {
    createFileSink,
    memorySource,
    saveSnapshot,
    sealSource,
  } from "./mapped_ram.js";
  import process from "node:process";
  const [path, count] = process.argv.slice(2);
  const jobs = Number(count);
  const ram = new Uint8Array(new SharedArrayBuffer(0x8000000)).fill(7, 0x7000000);
  const source = memorySource(ram);
  const blocks = [{ idstr: "ram", source }];
  try {
    await saveSnapshot(createFileSink(path), blocks, { jobs });
    await sealSource(source, createFileSink(path + ".verity"), { jobs });
  } catch (error) {
    console.log(String(error));
  }`;

before(() => {
  built = new BuildFolder();
  built.build(built.dist, "--only", "one-file");
  writeFileSync(join(built.dist, "program.mjs"), PROGRAM);
}, PATIENT);

after(() => built[Symbol.dispose]());

/** Runs the program on a runtime; returns what it prints. */
function save(runtime: readonly string[], name: string, jobs: number): string {
  const [program, ...args] = [...runtime, "program.mjs", name, String(jobs)];
  const options = {
    cwd: built.dist,
    encoding: "utf8",
    timeout: 300_000,
  } as const;
  return execFileSync(program, args, { ...options, stdio: "pipe" });
}

test("the one file starts its threads itself, or says why it cannot", () => {
  const deno = [execPath, "run", "--allow-all"];
  for (const jobs of [1, 2]) assert.equal(save(deno, `${jobs}.mr`, jobs), "");
  const [one, two] = ["1.mr", "2.mr"].map((it) =>
    readFileSync(join(built.dist, it))
  );
  assert(one.equals(two));
  const [sealed, inThreads] = ["1.mr.verity", "2.mr.verity"].map((it) =>
    readFileSync(join(built.dist, it))
  );
  assert(sealed.equals(inThreads));
  const node = ["node", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"];
  assert.equal(save(node, "node.mr", 1), "");
  assert(one.equals(readFileSync(join(built.dist, "node.mr"))));
  assert.match(
    save(node, "threads.mr", 2),
    /^SourceError: Cannot start a thread: .* import the npm package, or omit jobs$/m,
  );
});
