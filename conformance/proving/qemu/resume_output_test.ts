import assert from "node:assert/strict";
import { test } from "node:test";
import { CAN_LEAVE_UNREAD, unread } from "../unread_output.ts";
import { linuxTest } from "./linux_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";
import { checkGuest, PC, powerOff, savedGuest } from "./resume_round_trip.ts";
import { SerialConsole } from "./serial_console.ts";

const testUnread = CAN_LEAVE_UNREAD
  ? linuxTest
  : (name: string) => test(`${name} (skipped: no python3)`, { skip: true });

for (
  const [how, descriptors, options] of [
    ["pipe", 12, ["--no-push", "--json"]],
    ["terminal", 12, ["--via", "postcopy"]],
    ["left", 1, ["--no-push", "--json"]],
    ["left", 12, ["--json"]],
    ["closed", 12, ["--via", "postcopy"]],
  ] as const
) {
  testUnread(
    `a guest runs whether or not the output of resume ${
      options.join(" ")
    } is read: ${how}`,
    async (linux, scratch) => {
      const snapshot = await savedGuest(linux, PC);
      using console = await SerialConsole.listen(scratch.file("console"));
      await using command = new ResumeCommand(scratch.path, [
        ...[snapshot.path, ...options],
        // QEMU uses the same terminal, or pipe, for its monitor.
        ...["--", ...snapshot.args, ...console.args, "-monitor", "stdio"],
      ], unread(how, descriptors));
      const guest = await checkGuest(console, snapshot);
      assert.equal(await guest.md5(), snapshot.md5);
      await powerOff(guest, command);
    },
  );
}
