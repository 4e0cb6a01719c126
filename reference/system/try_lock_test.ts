import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { test } from "node:test";
import { createFileSink } from "../sinks/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { tryLock } from "./mod.ts";

const BOX = ["--pid", "--fork", "--kill-child", "--mount-proc"];

/** Returns why no process can be started in its own pid namespace, or "". */
function whyNoBox(): string {
  try {
    execFileSync("unshare", [...BOX, "true"], { stdio: "ignore" });
    return "";
  } catch {
    return "no permission to create a pid namespace, or no unshare";
  }
}

const reason = whyNoBox();
const name = "createFileSink() detects a writer in another pid namespace";
test(
  reason === "" ? name : `${name} (skipped: ${reason})`,
  { skip: reason !== "" },
  async () => {
    using scratch = new ScratchFolder();
    const path = scratch.file("new");
    const modules = [
      new URL("../sinks/mod.ts", import.meta.url),
      new URL("./mod.ts", import.meta.url),
    ].map((it) => JSON.stringify(it.href));
    const script = `
      const { createFileSink } = await import(${modules[0]});
      const { tryLock } = await import(${modules[1]});
      const sink = createFileSink(process.argv.at(-1), { tryLock });
      console.log("writing");
      setInterval(() => sink.flush(), 1000);`;
    const run = "Deno" in globalThis ? "eval" : "-e";
    const child = spawn(
      "unshare",
      [...BOX, process.execPath, run, script, path],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const closed = once(child, "close");
    assert(child.stdout !== null);
    await once(child.stdout, "data");
    const names = scratch.names();
    for (const resume of [false, true]) {
      assert.throws(
        () => createFileSink(path, { force: true, resume, tryLock }),
        /: process \d+ is writing it; if/,
      );
      assert.deepEqual(scratch.names(), names);
    }
    child.kill("SIGKILL");
    await closed;
    await createFileSink(path, { tryLock }).commit();
    assert.deepEqual(scratch.names(), ["new"]);
  },
);
