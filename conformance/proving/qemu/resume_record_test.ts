import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connectSocket, QmpClient } from "../../../reference/doors/qemu.ts";
import { saveGuest, watched } from "./failing_resume.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";

qemuTest(
  "a guest survives a profile that cannot be written",
  "x86_64",
  async (scratch) => {
    const path = await saveGuest(scratch);
    const profile = scratch.file("profile");
    // QEMU starts once the file is there.
    const late = scratch.file("late");
    const wait = "while [ ! -e profile ]; do sleep 0.05; done";
    const script = `#!/bin/sh\n${wait}\nexec qemu-system-x86_64 "$@"\n`;
    writeFileSync(late, script, { mode: 0o755 });
    await using command = new ResumeCommand(scratch.path, [
      ...[path, "--record", profile, "--", late, ...watched(scratch)],
    ]);
    await command.said(/^resuming by postcopy/);
    writeFileSync(profile, "of another program");
    await command.said(/\nall pages are sent/);
    await command.said(
      /\nCannot write "[^"]*profile": there is a file of that/,
    );
    using qmp = await QmpClient.open(
      await connectSocket(`unix:${scratch.file("monitor")}`),
    );
    const status = await qmp.execute("query-status") as { status: string };
    assert.equal(status.status, "running");
    await qmp.execute("quit");
    const { code, stderr } = await command.exited;
    assert.equal(code, 1);
    assert.match(stderr, /\nerror: Cannot write "[^"]*profile": [^\n]*\n$/);
  },
);
