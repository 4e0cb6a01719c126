import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { startQemu } from "../../../reference/doors/qemu.ts";
import { save } from "./counting_guest.ts";
import { guestProgram } from "./guest_program.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";

/** Without a monitor option, so that QEMU uses its default monitor. */
const GUEST = [
  ...["-accel", "tcg", "-M", "pc,acpi=off", "-m", "4M", "-bios", "guest.bin"],
  ...["-vga", "none", "-nic", "none", "-nographic"],
];
const CTRL_A_C = "\x01c";

for (const via of ["map", "postcopy"]) {
  qemuTest(
    `QEMU's own monitor is on the terminal of a guest resumed by ${via}`,
    "x86_64",
    async (scratch) => {
      writeFileSync(scratch.file("guest.bin"), guestProgram());
      {
        await using qemu = await startQemu(GUEST, {
          directory: scratch.path,
          incoming: false,
        });
        await save(qemu, "saved");
      }
      await using command = new ResumeCommand(scratch.path, [
        ...["saved", "--via", via, "--", ...GUEST],
      ]);
      await command.said(/^running after /m);
      command.type(CTRL_A_C);
      await command.wrote(/\(qemu\)/);
      command.type("info status\n");
      await command.wrote(/VM status: running/);
      command.type("quit\n");
      assert.equal((await command.exited).code, 0);
    },
  );
}
