import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { ChildProcess } from "./child_process.ts";

/** Prints the process id and the session. */
const SCRIPT = "cut -d' ' -f1,6 /proc/$$/stat";

test(
  "ChildProcess has a session of its own when it is detached",
  { skip: !existsSync("/proc/self/stat") },
  async () => {
    for (const detached of [false, true]) {
      const child = new ChildProcess("sh", ["-c", SCRIPT], {
        stdio: "pipe",
        detached,
      });
      let said = "";
      child.onStdout((bytes) => said += new TextDecoder().decode(bytes));
      assert.deepEqual(await child.exited, { code: 0, signal: null });
      const [processId, session] = said.trim().split(" ");
      assert.equal(processId === session, detached);
      assert.equal(Number(processId), child.processId);
    }
  },
);
