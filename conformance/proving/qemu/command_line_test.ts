import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { emptyMachine, fillMemory, LIVE_MACHINES } from "./live_machines.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MAIN = fileURLToPath(
  new URL("../../../reference/cli/main.ts", import.meta.url),
);
const run = promisify(execFile);
const DUMP = "pmemsave.bin";

/**
 * Runs a command of this project in the scratch directory; returns its output.
 */
async function command(
  scratch: ScratchDirectory,
  ...args: readonly string[]
): Promise<string> {
  const deno = "Deno" in globalThis ? ["run", "-A"] : [];
  const { stdout } = await run(execPath, [...deno, MAIN, ...args], {
    cwd: scratch.path,
    maxBuffer: 64 * 2 ** 20,
  });
  return stdout;
}

for (const machine of LIVE_MACHINES) {
  // The guest's view of a PC has holes; read_test and load_test cover PCs.
  if (!machine.name.includes("none") || machine.name.includes("256")) continue;
  qemuTest(
    `info, verify, read, load and save agree with QEMU: ${machine.name}`,
    machine.target,
    async (scratch) => {
      const directory = scratch.path;
      const { target, idstr, ramLength, pageSize } = machine;
      const { args } = fillMemory(machine, scratch);
      await using qemu = await QemuProcess.start({ target, args, directory });
      await qemu.save("vm.mr");
      await qemu.pmemsave(0, ramLength, DUMP);
      const memory = readFileSync(scratch.file(DUMP));

      const facts = JSON.parse(
        await command(scratch, "info", "vm.mr", "--json"),
      );
      assert.equal(facts.machine, "none");
      assert.deepEqual(facts.capabilities, ["mapped-ram"]);
      const [block] = facts.blocks;
      assert.deepEqual(
        [block.idstr, block.usedLength, block.pageSize],
        [idstr, ramLength, pageSize],
      );
      await command(scratch, "verify", "vm.mr", "--pages");

      const offset = 5 * pageSize + 3;
      await command(
        scratch,
        ...["read", "vm.mr", idstr, String(offset), "70000", "--out", "part"],
      );
      assert.deepEqual(
        readFileSync(scratch.file("part")),
        memory.subarray(offset, offset + 70000),
      );

      mkdirSync(scratch.file("images"));
      await command(scratch, "load", "vm.mr", "images");
      const image = scratch.file(`images/${idstr}.img`);
      assert(readFileSync(image).equals(memory));

      // Both the image alone and the image with QEMU's device state load.
      const given = ["--block", `${idstr}=${image}`];
      const size = ["--page-size", String(pageSize)];
      await command(scratch, "save", "plain.mr", ...given, ...size);
      await command(
        scratch,
        ...["save", "state.mr", ...given, "--device-state", "vm.mr"],
      );
      for (const file of ["plain.mr", "state.mr"]) {
        await using loaded = await QemuProcess.start({
          target,
          args: [...emptyMachine(machine), "-incoming", "defer"],
          directory,
        });
        await loaded.incoming(file);
        await loaded.pmemsave(0, ramLength, DUMP);
        assert(readFileSync(scratch.file(DUMP)).equals(memory), file);
      }
    },
  );
}
