import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { env, execPath } from "node:process";
import { test } from "node:test";
import { ROOT } from "../documents/document_blocks.ts";
import { freePort } from "../free_port.ts";
import { expectRight } from "../page_server/expect_right.ts";
import { handlerTest } from "../page_server/handler_test_case.ts";
import { writeKnownGuest } from "../page_server/known_guest.ts";
import { PageServerProcess } from "../page_server/page_server_process.ts";
import { findPrograms } from "../qemu/find_program.ts";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";

const NAME = "mapped-ram-page-server@.service";
const UNIT = readFileSync(`${ROOT}docs/systemd/${NAME}`, "utf8");
const PROGRAM = "/usr/bin/mapped-ram";

/**
 * Maximum exposure that systemd computes, in tenths: what remains is the
 * network, for URLs, and code that is compiled at run time.
 */
const EXPOSURE_MAX = 15;

const ANALYZE = "systemd-analyze";
const isMissing = findPrograms(ANALYZE).length === 0 &&
  env.MAPPED_RAM_REQUIRE_SYSTEMD !== "1";
const skip = isMissing ? `${ANALYZE} is not installed` : false;

/** Runs systemd-analyze on the unit, of a program that is here. */
function analyze(...args: readonly string[]): void {
  using scratch = new ScratchDirectory();
  const path = scratch.file(NAME);
  writeFileSync(path, UNIT.replace(PROGRAM, execPath));
  const { status, stdout, stderr } = spawnSync(ANALYZE, [...args, path], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
  assert(!stderr.includes("mapped-ram"), stderr);
}

test("systemd finds nothing wrong with the unit", { skip }, () => {
  analyze("verify");
});

test("systemd finds the unit well protected", { skip }, () => {
  analyze("security", "--offline=true", `--threshold=${EXPOSURE_MAX}`);
});

handlerTest(
  "the command line of the unit serves VMs, with the options of its comment",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 4096);
    const [, command] = /^ExecStart=(.*)$/m.exec(UNIT) ?? [];
    const [, comment] = /^# +OPTIONS=(.*)$/m.exec(UNIT) ?? [];
    const options = comment.replace("pc.ram", "ram")
      .replace("9100", String(await freePort()));
    const [program, name, file, listen, path, ...rest] = command
      .replace("$OPTIONS", options).replace("%t", scratch.path)
      .replace("/mapped-ram/%i", "").split(" ");
    assert.deepEqual([program, name, file, listen], [
      ...[PROGRAM, "page-server", "${FILE}", "--listen"],
    ]);
    const socket = path.replace("unix:", "");
    const args = [guest.snapshot, ...rest];
    await using server = await PageServerProcess.start(socket, args);
    assert.equal(statSync(socket).mode & 0o777, 0o660);
    await expectRight(client, socket, [
      `region ${4096 * 4096}`,
      `image ${guest.image}`,
      "connect",
      "touch 0 0",
    ]);
    assert.equal(await server.stop(), 0);
  },
);
