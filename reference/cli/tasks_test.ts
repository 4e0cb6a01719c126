import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "./commands.ts";
import { ON_DENO, PATIENT } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** Runs `deno task` of this package in a folder, as typed there. */
function runTask(cwd: string, ...args: readonly string[]): Promise<string> {
  // A task that runs the tests has set its own folder.
  const { INIT_CWD: _, ...env } = process.env;
  const line = ["task", "--quiet", "--config", CONFIG, ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, line, { cwd, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

test(
  "a task resolves paths relative to the folder in which it is run",
  { ...PATIENT, skip: ON_DENO ? false : "tasks are Deno's" },
  async () => {
    using folder = new ScratchDirectory();
    copyFileSync(CONFIG, folder.file("ram image"));
    const block = ["--block", "ram=ram image"];
    await runTask(folder.path, "save", "a b.mr", ...block);
    assert.deepEqual(folder.list(), ["a b.mr", "ram image"]);
    const info = JSON.parse(
      await runTask(folder.path, "info", "a b.mr", "--json"),
    );
    assert.equal(info.file, "a b.mr");
    // It names itself as it was started.
    const help = await runTask(folder.path, "info", "--help");
    assert.match(help, /^Usage: deno task info /);
  },
);

test("every command has a task with all permissions that it needs", () => {
  const { tasks } = JSON.parse(readFileSync(CONFIG, "utf8"));
  for (const name of Object.keys(COMMANDS)) {
    assert.equal(
      tasks[name],
      'root=$PWD && cd "$INIT_CWD" && ' +
        "MAPPED_RAM_PROGRAM='deno task' " +
        `deno run --allow-all "$root/reference/cli/main.ts" ${name}`,
    );
  }
});
