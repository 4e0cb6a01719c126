import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CAN_LEAVE_UNREAD, unread } from "../unread_output.ts";
import { expectRight } from "./expect_right.ts";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess } from "./page_server_process.ts";

const MIB = 0x100000;

function script(image: string): string[] {
  return [
    ...[`region ${16 * MIB}`, `image ${image}`, "connect"],
    ...["random 500 3 4", "touch 0 0"],
  ];
}

const testUnread = CAN_LEAVE_UNREAD
  ? handlerTest
  : (name: string) => test(`${name} (skipped: no python3)`, { skip: true });

for (
  const [how, descriptors] of [
    ["pipe", 12],
    ["terminal", 12],
    ["left", 1],
    ["closed", 12],
  ] as const
) {
  testUnread(
    `page-server serves VMs even if its output is not read: ${how}`,
    async (client, scratch) => {
      const guest = await writeKnownGuest(scratch, 4096);
      const socket = scratch.file("pages.sock");
      await using server = await PageServerProcess.start(
        socket,
        [guest.snapshot, "--no-push"],
        { wrapper: unread(how, descriptors) },
      );
      for (let vm = 0; vm < 3; vm++) {
        await expectRight(client, socket, script(guest.image));
      }
      assert.equal(await server.stop(), 0);
    },
  );
}

testUnread(
  "page-server prints pending events when its output is read again",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 4096);
    const socket = scratch.file("pages.sock");
    const go = scratch.file("go");
    await using server = await PageServerProcess.start(
      socket,
      [guest.snapshot, "--no-push"],
      { wrapper: unread(`late:${go}`, 1) },
    );
    await expectRight(client, socket, script(guest.image));
    writeFileSync(go, "");
    // When it ends, it waits for its reader only for a short time.
    await untilHas(`${go}.part`, '"serving"');
    assert.equal(await server.stop(), 0);
    await untilHas(`${go}.read`, "");
    const [, ...lines] = readFileSync(`${go}.read`, "utf8").trim().split("\n");
    const events = lines.map((line) => JSON.parse(line).event);
    assert.equal(events[0], "ready");
    for (const event of ["connected", "serving"]) {
      assert.ok(events.includes(event), `${event} is among ${events}`);
    }
  },
);

/** Waits until a file is there and contains a text. */
async function untilHas(path: string, text: string): Promise<void> {
  while (!existsSync(path) || !readFileSync(path, "utf8").includes(text)) {
    await sleep(10);
  }
}
