import assert from "node:assert/strict";
import { statSync, truncateSync, utimesSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import { findNginx, startNginx } from "../http/nginx_server.ts";
import { errorOf, MIB, saveGuest, STORED, watched } from "./failing_resume.ts";
import { PageToucher } from "./page_toucher.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";

const SPOILERS: Readonly<Record<string, (path: string) => void>> = {
  "truncated": (path) => truncateSync(path, statSync(path).size - MIB),
  "written to": (path) => utimesSync(path, new Date(), new Date()),
};

for (const [name, spoil] of Object.entries(SPOILERS)) {
  qemuTest(
    `a guest sees no byte of a file that was ${name} after opening`,
    "x86_64",
    async (scratch) => {
      const path = await saveGuest(scratch);
      const args = [path, "--no-push", "--", ...watched(scratch)];
      await using command = new ResumeCommand(scratch.path, args);
      await command.said(/running/);
      await using page = await PageToucher.open(scratch);
      spoil(path);
      page.touch(STORED.end - 4096);
      assert.match(
        await errorOf(command),
        /Cannot continue reading ".*saved": it has changed while it was read/,
      );
      assert.equal(page.bytes.length, 0);
    },
  );

  qemuTest(
    `resume reports that a mapped file was ${name}`,
    "x86_64",
    async (scratch) => {
      const path = await saveGuest(scratch);
      const args = [path, "--via", "map", "--", ...watched(scratch)];
      await using command = new ResumeCommand(scratch.path, args);
      await command.said(/running/);
      spoil(path);
      await command.said(/saved was modified: the guest may see wrong memory/);
    },
  );
}

qemuTest(
  "resume reports why QEMU is killed if it cannot have a page of a mapped file",
  "x86_64",
  async (scratch) => {
    const path = await saveGuest(scratch);
    const args = [path, "--via", "map", "--", ...watched(scratch)];
    await using command = new ResumeCommand(scratch.path, args);
    await command.said(/running/);
    await using page = await PageToucher.open(scratch);
    truncateSync(path, 0);
    page.touch(STORED.end - 4096);
    const { code, stderr } = await command.exited;
    assert.match(stderr, /QEMU was killed by SIGBUS: it .* a page of .*saved/);
    assert.equal(code, 128 + constants.signals.SIGBUS);
    assert.equal(page.bytes.length, 0);
  },
);

qemuTest(
  "a guest waits while the server is unreachable, and is eventually given up",
  "x86_64",
  async (scratch) => {
    const isRequired = process.env.MAPPED_RAM_REQUIRE_NGINX === "1";
    if (findNginx() === undefined && !isRequired) return;
    await saveGuest(scratch);
    const server = await startNginx(scratch.path);
    const args = [
      server.url("plain", "saved"),
      "--no-push",
      "--retry-for",
      "3",
    ];
    await using command = new ResumeCommand(scratch.path, [
      ...[...args, "--", ...watched(scratch)],
    ]);
    await command.said(/running/);
    await using page = await PageToucher.open(scratch);
    await server[Symbol.asyncDispose]();
    page.touch(STORED.end - 4096);
    await command.said(/; retrying, the guest may have to wait\n/);
    assert.equal(page.bytes.length, 0);
    const line = await errorOf(command);
    assert.match(
      line,
      /Cannot read .*http:.*: the guest cannot continue without/,
    );
    assert.equal(page.bytes.length, 0);
  },
);
