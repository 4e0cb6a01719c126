import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { listenSocket } from "../sockets/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { isListening } from "./mod.ts";

/** Listens in another process and kills it. */
async function leaveDead(path: string): Promise<void> {
  const module = JSON.stringify(
    new URL("../sockets/mod.ts", import.meta.url).href,
  );
  const script = `
    const { listenSocket } = await import(${module});
    const listener = await listenSocket("unix:" + process.argv.at(-1));
    console.log("listening");
    await listener.accept();`;
  const run = "Deno" in globalThis ? "eval" : "-e";
  const child = spawn(process.execPath, [run, script, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  assert(child.stdout !== null);
  await once(child.stdout, "data");
  assert.equal(isListening(path), true);
  child.kill("SIGKILL");
  await closed;
}

test("isListening() does not connect to the listener", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("s");
  assert.equal(isListening(path), false);
  using listener = await listenSocket(`unix:${path}`);
  for (let count = 0; count < 20; count++) {
    assert.equal(isListening(path), true);
  }
  await assert.rejects(listener.accept({ timeout: 50 }), /no connection/);
  writeFileSync(scratch.file("file"), "");
  assert.equal(isListening(scratch.file("file")), false);
});

test("listenSocket() replaces only the socket of a killed process", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("s");
  await leaveDead(path);
  assert.equal(isListening(path), false);
  using listener = await listenSocket(`unix:${path}`, { isListening });
  await assert.rejects(
    listenSocket(`unix:${path}`, { isListening }),
    /another process listens there$/,
  );
  await assert.rejects(listener.accept({ timeout: 50 }), /no connection/);
  assert.equal(isListening(path), true);
});
