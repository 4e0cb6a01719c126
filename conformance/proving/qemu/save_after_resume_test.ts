import assert from "node:assert/strict";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import {
  connectSocket,
  QmpClient,
  startIncoming,
  startQemu,
} from "../../../reference/doors/qemu.ts";
import { continueSaved } from "./continue_saved.ts";
import {
  countingGuest,
  save,
  saveRunning,
  untilSent,
} from "./counting_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";
import { runMigration } from "./run_migration.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MACHINE = ["-M", "pc,acpi=off", "-m", "4M"];

for (const via of ["map", "postcopy"]) {
  qemuTest(
    `a guest resumed by ${via} can be saved in each way`,
    "x86_64",
    async (scratch) => {
      await saveRunning(MACHINE, scratch);
      await using command = new ResumeCommand(scratch.path, [
        ...["saved", "--via", via, "--json", "--"],
        ...[...countingGuest(MACHINE), ...watched(scratch)],
      ]);
      await command.until("the end", () => isDone(command));
      await saveInEachWay(scratch);
    },
  );
}

qemuTest(
  "a guest resumed in a running QEMU can be saved in each way",
  "x86_64",
  async (scratch) => {
    await saveRunning(MACHINE, scratch);
    const socket = `unix:${scratch.file("second")}`;
    const second = ["-qmp", `${socket},server=on,wait=off`];
    await using qemu = await startQemu([
      ...[...countingGuest(MACHINE), ...watched(scratch), ...second],
    ], { directory: scratch.path });
    // What was on before stays on.
    await setCapability(qemu.qmp, "postcopy-ram", true);
    await using command = new ResumeCommand(scratch.path, [
      ...["saved", "--via", "postcopy", "--json", "--qmp", socket],
    ]);
    const { code, stderr } = await command.exited;
    assert.equal(code, 0, stderr);
    assert.deepEqual(await capabilitiesOn(qemu.qmp), ["postcopy-ram"]);
    await setCapability(qemu.qmp, "postcopy-ram", false);
    await saveInEachWay(scratch);
  },
);

function isDone({ events }: ResumeCommand): boolean {
  return events.some(({ event }) => event === "done");
}

/** Arguments of a QEMU whose monitor the test uses. */
function watched(scratch: ScratchDirectory): string[] {
  const monitor = `unix:${scratch.file("monitor")},server=on,wait=off`;
  return ["-serial", "file:after", "-qmp", monitor];
}

/** Saves the guest with mapped-ram, by a socket, and with mapped-ram again. */
async function saveInEachWay(scratch: ScratchDirectory): Promise<void> {
  const channel = await connectSocket(`unix:${scratch.file("monitor")}`);
  using qmp = await QmpClient.open(channel);
  await untilSent(scratch.file("after"), 10);
  assert.deepEqual(await capabilitiesOn(qmp), []);
  await save({ qmp }, "again");
  using source = openFileSource(scratch.file("again"));
  assert.equal(openSnapshotSync(source).block("pc.ram").usedLength, 4 << 20);
  await setCapability(qmp, "mapped-ram", false);
  await continueSaved({ qmp });
  const uri = `unix:${scratch.file("migration")}`;
  await using other = await startQemu([
    ...[...countingGuest(MACHINE), "-serial", "file:other"],
  ], { directory: scratch.path });
  const { guest } = await startIncoming(other.qmp, uri);
  await runMigration(qmp, "migrate", { uri });
  assert.equal((await guest).status, "running");
}

async function setCapability(
  qmp: QmpClient,
  capability: string,
  state: boolean,
): Promise<void> {
  const capabilities = [{ capability, state }];
  await qmp.execute("migrate-set-capabilities", { capabilities });
}

async function capabilitiesOn(qmp: QmpClient): Promise<string[]> {
  const answer = await qmp.execute("query-migrate-capabilities") as {
    readonly capability: string;
    readonly state: boolean;
  }[];
  return answer.filter(({ state }) => state).map((it) => it.capability);
}
