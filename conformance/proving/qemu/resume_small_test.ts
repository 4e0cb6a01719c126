import assert from "node:assert/strict";
import { startQemu } from "../../../reference/doors/qemu.ts";
import { save } from "./counting_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";
import { SerialConsole } from "./serial_console.ts";

const ROUNDS = 5;
/** Firmware that tries to boot from the network. */
const ARGS = [
  ...["-accel", "tcg", "-M", "q35,graphics=off", "-m", "256M"],
  ...["-display", "none"],
];

qemuTest(
  "a guest with few pages, all of which are sent before its devices are loaded",
  "x86_64",
  async (scratch) => {
    {
      using console = await SerialConsole.listen(scratch.file("console"));
      await using qemu = await startQemu([...ARGS, ...console.args], {
        directory: scratch.path,
        incoming: false,
      });
      // From here on the card has buffers, which QEMU accesses while loading
      // it.
      await console.waitForLine("  [Link:up");
      await save(qemu, "saved");
    }
    for (let round = 0; round < ROUNDS; round++) {
      await using command = new ResumeCommand(scratch.path, [
        ...["saved", "--via", "postcopy", "--", ...ARGS, "-serial", "null"],
      ]);
      await command.said(/\nall pages are sent/);
      command.signal("SIGINT");
      // All pages were sent: Ctrl-C has ended it.
      assert.equal((await command.exited).code, 130);
    }
  },
);
