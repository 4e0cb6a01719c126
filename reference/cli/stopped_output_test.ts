import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ON_NODE, run } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { fixtureSnapshot } from "./testing/snapshot_fixture.ts";
import { unread, UNREAD_TEST } from "./testing/unread_output.ts";

const BLOCKED = ["pipe", "socket", "terminal"] as const;

/**
 * Runs a command that fills a pipe, and stops it once it has begun to print.
 */
async function stopPrinting(
  stop: (child: ChildProcess) => void | Promise<void>,
  shell = "",
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const pipe = scratch.file("pipe");
  assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await run(["read", file, "pc.ram", "0", "3M", "--out", "-"], {
      wrapper: ["sh", "-c", `${shell} exec "$@" >'${pipe}'`, "sh"],
      onStart: async (child) => {
        while (readSome(reader) === 0) await sleep(10);
        await stop(child);
      },
    });
  } finally {
    closeSync(reader);
  }
}

function readSome(reader: number): number {
  try {
    return readSync(reader, new Uint8Array(16));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
    return 0;
  }
}

/** On Deno, a process ended by child.kill() has no exit code. */
function send(signal: NodeJS.Signals, { pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(pid, signal);
}

test(
  "a command whose output is unread can be stopped",
  UNREAD_TEST,
  async () => {
    for (
      const [signal, expected] of [
        ["SIGINT", 130],
        ["SIGTERM", 143],
        ["SIGHUP", 129],
      ] as const
    ) {
      const { code, stderr } = await stopPrinting((it) => send(signal, it));
      assert.equal(stderr, `error: Cannot finish: stopped by ${signal}\n`);
      assert.equal(code, expected);
    }
  },
);

test("a command ends even if its error is not read", UNREAD_TEST, async () => {
  for (const how of BLOCKED) {
    const { code } = await run(["info", "no-such-file"], {
      wrapper: unread(how, 12),
    });
    assert.equal(code, 1, how);
  }
});

test(
  "a command that cannot print a single line can be stopped",
  UNREAD_TEST,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    for (const how of BLOCKED) {
      const { code, stderr } = await run(["info", file], {
        wrapper: unread(how, 1),
        onStart: async (child) => {
          while (!listensToHangup(child)) await sleep(10);
          // It has begun to print by then, or is stopped earlier.
          await sleep(500);
          send("SIGTERM", child);
        },
      });
      assert.equal(stderr, "error: Cannot finish: stopped by SIGTERM\n", how);
      assert.equal(code, 143, how);
    }
  },
);

/** Whether a process catches SIGHUP, number 1, as Node does not by itself. */
function listensToHangup({ pid }: ChildProcess): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const caught = /^SigCgt:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return (BigInt(`0x${caught}`) & 1n) === 1n;
}

test(
  "a closed terminal does not stop a command started by nohup",
  UNREAD_TEST,
  async () => {
    const { code } = await stopPrinting(async (child) => {
      send("SIGHUP", child);
      // Node stops ignoring signals when it starts: nohup has no effect on it.
      if (ON_NODE) return;
      await sleep(300);
      send("SIGTERM", child);
    }, "trap '' HUP;");
    assert.equal(code, ON_NODE ? 129 : 143);
  },
);

test(
  "a command whose product is its output ends when the reader leaves",
  UNREAD_TEST,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const bad = scratch.write("bad.mr", "QEVX");
    const cases: [args: string[], code: number][] = [
      [["info", file], 141],
      [["read", file, "pc.ram", "0", "3M", "--out", "-"], 141],
      [["read", file, "pc.ram", "0", "3M", "--json"], 141],
      [["verify", file, "--json"], 141],
      [["verify", bad], 1],
      [["--help"], 141],
    ];
    for (const [args, expected] of cases) {
      const { code, stderr } = await run(args, { wrapper: unread("left", 1) });
      assert.equal(stderr, "");
      assert.equal(code, expected, args.join(" "));
    }
  },
);
