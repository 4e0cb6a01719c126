import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { NoAnswerError, ProgramEndedError } from "./qemu_errors.ts";
import { startQemu } from "./start_qemu.ts";
import { fakeProgram } from "./testing/fake_program.ts";
import { says } from "./testing/says_of.ts";

/** Runs `body` with a folder in which QEMU must leave no socket or file. */
async function withFolder(
  body: (folder: ScratchFolder) => Promise<void>,
): Promise<void> {
  using folder = new ScratchFolder();
  await body(folder);
  for (const name of folder.names()) {
    if (!name.startsWith("arguments")) continue;
    const words = readFileSync(folder.file(name), "utf8");
    const [, config] = /^-readconfig\n(.+)$/m.exec(words) ?? assert.fail(words);
    assert(!existsSync(dirname(config)), `${config}: its folder is gone`);
  }
}

/** Makes a program that records its arguments and runs a shell script. */
function noting(folder: ScratchFolder, script: string): string {
  // It may be killed while it writes them.
  const [path, part] = ["arguments", "part"].map((it) => folder.file(it));
  const note = `printf '%s\\n' "$@" >"${part}$$"; mv "${part}$$" "${path}$$"`;
  return fakeProgram(folder, `${note}\n${script}`);
}

test("startQemu() reports what QEMU printed when it does not start", async () => {
  await withFolder(async (folder) => {
    const program = noting(folder, "echo no such machine >&2; exit 1");
    await assert.rejects(
      startQemu(["-M", "x"], { program }),
      says(/^".*" has ended \(exit code 1\): no such machine$/),
    );
    await assert.rejects(
      startQemu([], { program: folder.file("none") }),
      says(/^Cannot start ".*none": there is no such program/),
    );
  });
});

test("startQemu() keeps the end of what QEMU prints", async () => {
  await withFolder(async (folder) => {
    const program = noting(
      folder,
      "head -c 1000000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1",
    );
    let received = 0;
    await assert.rejects(
      startQemu([], { program, onStderr: (text) => received += text.length }),
      (error) =>
        says(/xxx the end$|xthe end$/)(error) &&
        error instanceof Error && error.message.length < 70_000,
    );
    assert.equal(received, 1_000_008);
  });
});

test("startQemu() reports the last lines, in one line", async () => {
  await withFolder(async (folder) => {
    const program = noting(
      folder,
      "printf 'a\\nb\\n\\nc\\033\\nd\\n' >&2; exit 1",
    );
    await assert.rejects(startQemu([], { program }), (error) => {
      assert(error instanceof ProgramEndedError);
      assert.equal(error.stderr, "a\nb\n\nc\x1b\nd\n");
      assert.deepEqual(error.exit, { code: 1, signal: null });
      return says(/ has ended \(exit code 1\): b; c; d$/)(error);
    });
    const dead = noting(folder, "kill -9 $$");
    await assert.rejects(
      startQemu([], { program: dead }),
      says(/ \(SIGKILL\)$/),
    );
    const silent = noting(folder, "exec sleep 1000");
    await assert.rejects(
      startQemu([], { program: silent, timeout: 100 }),
      NoAnswerError,
    );
  });
});

test("startQemu() passes the arguments on and adds its own", async () => {
  await withFolder(async (folder) => {
    const program = noting(folder, `printf '<%s>' "$@" >&2; exit 1`);
    await assert.rejects(
      startQemu(["-M", "a b"], { program }),
      says(/: <-M><a b><-incoming><defer><-readconfig><[^>]*\/monitor\.cfg>$/),
    );
    await assert.rejects(
      startQemu(["-incoming", "tcp:x"], { program, incoming: false }),
      says(/: <-incoming><tcp:x><-readconfig><[^>]*\/monitor\.cfg>$/),
    );
  });
});

test("startQemu() ends a program that never connects", async () => {
  await withFolder(async (folder) => {
    const program = noting(folder, "exec sleep 1000");
    const controller = new AbortController();
    const { signal } = controller;
    const stopped = assert.rejects(
      startQemu([], { program, signal }),
      /enough/,
    );
    controller.abort(new Error("enough"));
    await stopped;
    // It ignores SIGTERM.
    const deaf = noting(folder, "trap '' TERM; exec sleep 1000");
    await assert.rejects(
      startQemu([], { program: deaf, timeout: 200 }),
      says(/no answer in 200 ms$/),
    );
  });
});

test("startQemu() ends a program that does not speak QMP", async () => {
  await withFolder(async (folder) => {
    writeFileSync(
      folder.file("hello.mjs"),
      `import { readFileSync } from "node:fs";
       import { connect } from "node:net";
       import process from "node:process";
       const config = readFileSync(process.argv.at(-1), "utf8");
       connect(/path = "(.*)"/.exec(config)[1]).write("hello\\n");
       setInterval(() => {}, 1000);`,
    );
    const runtime = "Deno" in globalThis
      ? `"${process.execPath}" run --allow-all`
      : `"${process.execPath}"`;
    const program = noting(
      folder,
      `exec ${runtime} "${folder.file("hello.mjs")}" "$@"`,
    );
    await assert.rejects(startQemu([], { program }), says(/"hello"$/));
  });
});

test("startQemu() refuses arguments that would detach QEMU", async () => {
  for (const args of [["-daemonize"], ["--incoming", "defer"]]) {
    await assert.rejects(startQemu(args), RangeError);
  }
});
