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
    await using command = new ResumeCommand(scratch.path, [
      ...[path, "--record", profile, "--max-bandwidth", "1M"],
      ...["--", ...watched(scratch)],
    ]);
    await command.said(/^resuming by postcopy/);
    writeFileSync(profile, "of somebody else");
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
