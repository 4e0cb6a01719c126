import assert from "node:assert/strict";
import { startQemu } from "../../../reference/doors/qemu.ts";
import { save } from "./counting_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";
import { SerialConsole } from "./serial_console.ts";

const ROUNDS = 5;
/** Firmware that looks for something to boot in the network. */
const ARGS = [
  ...["-accel", "tcg", "-M", "q35,graphics=off", "-m", "256M"],
  ...["-display", "none"],
];

qemuTest(
  "a guest of so few pages that all are sent before its devices are loaded",
  "x86_64",
  async (scratch) => {
    {
      using console = await SerialConsole.listen(scratch.file("console"));
      await using qemu = await startQemu([...ARGS, ...console.args], {
        directory: scratch.path,
        incoming: false,
      });
      // From here on the card has buffers, which QEMU touches as it loads it.
      await console.waitForLine("  [Link:up");
      await save(qemu, "saved");
    }
    for (let round = 0; round < ROUNDS; round++) {
      await using command = new ResumeCommand(scratch.path, [
        ...["saved", "--via", "postcopy", "--", ...ARGS, "-serial", "null"],
      ]);
      await command.said(/\nall pages are there/);
      command.signal("SIGINT");
      // All was done: it is Ctrl-C that has ended it.
      assert.equal((await command.exited).code, 130);
    }
  },
);
