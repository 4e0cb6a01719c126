import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { env } from "node:process";
import { readProfile, startQemu } from "../../../reference/doors/qemu.ts";
import { findNginx, startNginx } from "../http/nginx_server.ts";
import type { LinuxSnapshot } from "./linux_snapshots.ts";
import { linuxTest } from "./linux_test_case.ts";
import { ResumeCommand } from "./resume_command.ts";
import {
  checkGuest,
  PC,
  powerOff,
  Q35,
  roundTrip,
  savedGuest,
} from "./resume_round_trip.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";
import { SerialConsole } from "./serial_console.ts";

for (const name of [PC, Q35] as const) {
  linuxTest(`resume runs ${name} in both ways`, async (linux, scratch) => {
    const snapshot = await savedGuest(linux, name);
    const mapped = await roundTrip(snapshot, scratch, [snapshot.path]);
    assert.match(mapped, /^resuming by map: QEMU maps the RAM from/);
    assert.match(mapped, /\nrunning after [\d.]+ ms\n/);
    const sent = await roundTrip(snapshot, scratch, [
      ...[snapshot.path, "--via", "postcopy"],
    ]);
    assert.match(sent, /^resuming by postcopy: as requested\n/);
    assert.match(sent, /\nrunning after [\d.]+ ms; it needs this command/);
  });
}

linuxTest("resume runs a guest from a URL", async (linux, scratch) => {
  const isRequired = env.MAPPED_RAM_REQUIRE_NGINX === "1";
  if (findNginx() === undefined && !isRequired) return;
  const snapshot = await savedGuest(linux, PC);
  const [, folder, file] = /^(.*)\/([^/]+)$/.exec(snapshot.path) ?? [];
  assert.ok(folder !== undefined && file !== undefined);
  await using server = await startNginx(folder);
  const url = server.url("plain", file);
  const said = await roundTrip(snapshot, scratch, [url]);
  assert.match(said, /^resuming by postcopy: QEMU maps files only/);
});

linuxTest(
  "resume --replay uses the pages that resume --record recorded",
  async (linux, scratch) => {
    const snapshot = await savedGuest(linux, PC);
    const profile = scratch.file("profile");
    await roundTrip(snapshot, scratch, [
      ...[snapshot.path, "--no-push", "--record", profile],
    ]);
    const { runs } = readProfile(readFileSync(profile, "utf8"));
    const pages = runs.reduce((sum, { first, end }) => sum + end - first, 0);
    assert.ok(pages > 1000, `${pages} pages`);

    using console = await SerialConsole.listen(scratch.file("console"));
    await using command = new ResumeCommand(scratch.path, [
      ...[snapshot.path, "--replay", profile, "--replay", profile, "--json"],
      // Slow enough that only the profile is pushed meanwhile.
      ...["--max-bandwidth", "20M"],
      ...["--", ...snapshot.args, ...console.args],
    ]);
    const pushed = () => Number(command.events.at(-1)?.pushedPages ?? 0);
    await command.until("pushing", () => pushed() > pages * 0.9);
    const before = Number(command.events.at(-1)?.requestedPages);
    await powerOff(await checkGuest(console, snapshot), command);
    const last = command.events.at(-1);
    assert.equal(last?.event, "done");
    const asked = Number(last?.requestedPages) - before;
    assert.ok(asked < pages / 4, `${asked} of ${pages} pages`);
    const names = command.events.map(({ event }) => event);
    assert.deepEqual(names.slice(0, 3), ["way", "running", "progress"]);

    // A profile of another guest is rejected before anything starts.
    const other = await savedGuest(linux, Q35);
    await using refused = new ResumeCommand(scratch.path, [
      ...[other.path, "--replay", profile],
      ...["--", "no-such-qemu", ...other.args],
    ]);
    const { code, stderr } = await refused.exited;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: Cannot replay "[^"]*profile": it was recorded from snapshot [^\n]*\n$/,
    );
  },
);

linuxTest(
  "resume controls a QEMU that already runs",
  async (linux, scratch) => {
    const snapshot = await savedGuest(linux, PC);
    const monitor = `unix:${scratch.file("qmp")}`;
    const listening = ["-qmp", `${monitor},server=on,wait=off`];
    const ways: Readonly<Record<string, readonly string[]>> = {
      "postcopy": [],
      "postcopy with a channel for requests": ["--preempt"],
      "postcopy, paused": ["--paused"],
      "map": ["--via", "map"],
    };
    const plan = await prepare(snapshot, scratch);
    for (const [name, options] of Object.entries(ways)) {
      using console = await SerialConsole.listen(scratch.file("console"));
      await using qemu = await startQemu([
        ...[...snapshot.args, ...console.args, ...listening],
        ...name === "map" ? plan.args.slice(0, 4) : [],
      ]);
      await using command = new ResumeCommand(scratch.path, [
        ...[snapshot.path, "--qmp", monitor, ...options],
      ]);
      const { code, stderr } = await command.exited;
      assert.equal(code, 0, `${name}: ${stderr}`);
      assert.match(stderr, name === "map" ? /running/ : /all pages are sent/);
      if (options.includes("--paused")) {
        assert.match(stderr, /\npaused after/);
        await qemu.qmp.execute("cont");
      }
      await checkGuest(console, snapshot);
    }
  },
);

linuxTest(
  "resume sends a guest to a QEMU that waits for one",
  async (linux, scratch) => {
    const snapshot = await savedGuest(linux, PC);
    const address = `unix:${scratch.file("migration")}`;
    using console = await SerialConsole.listen(scratch.file("console"));
    await using _qemu = await startQemu([
      ...[...snapshot.args, ...console.args, "-incoming", address],
      ...["-global", "migration.x-postcopy-ram=on"],
    ], { incoming: false });
    await using command = new ResumeCommand(scratch.path, [
      ...[snapshot.path, "--to", address],
    ]);
    const { code, stderr } = await command.exited;
    assert.equal(code, 0, stderr);
    await checkGuest(console, snapshot);
  },
);

linuxTest(
  "resume --via map prints arguments and commands that work unchanged",
  async (linux, scratch) => {
    const snapshot = await savedGuest(linux, PC);
    const { args, qmp, devices } = await prepare(snapshot, scratch);
    assert.ok(existsSync(devices));
    using console = await SerialConsole.listen(scratch.file("console"));
    // startQemu() already adds a monitor.
    const withoutMonitor = args.slice(0, args.indexOf("-qmp"));
    await using qemu = await startQemu([
      ...[...snapshot.args, ...console.args, ...withoutMonitor],
    ]);
    for (const it of qmp.slice(1)) {
      await qemu.qmp.execute(it.execute, it.arguments);
    }
    await checkGuest(console, snapshot);
  },
);

interface Prepared {
  readonly args: readonly string[];
  readonly qmp: readonly {
    readonly execute: string;
    readonly arguments?: Readonly<Record<string, unknown>>;
  }[];
  readonly devices: string;
}

/** The instructions that `resume --via map` prints. */
async function prepare(
  snapshot: LinuxSnapshot,
  scratch: ScratchDirectory,
): Promise<Prepared> {
  await using command = new ResumeCommand(scratch.path, [
    ...[snapshot.path, "--via", "map", "--out", "devices", "--json"],
  ]);
  const { code, stdout, stderr } = await command.exited;
  assert.equal(code, 0, stderr);
  const { event, ...prepared } = JSON.parse(stdout);
  assert.equal(event, "prepared");
  return prepared;
}

linuxTest(
  "Ctrl-C is explained while the guest needs the command",
  async (linux, scratch) => {
    const snapshot = await savedGuest(linux, PC);
    const profile = scratch.file("profile");
    using console = await SerialConsole.listen(scratch.file("console"));
    await using command = new ResumeCommand(scratch.path, [
      ...[snapshot.path, "--max-bandwidth", "64K", "--record", profile],
      ...["--", ...snapshot.args, ...console.args],
    ]);
    await command.said(/running/);
    command.signal("SIGINT");
    await command.said(/fails without this command \(Ctrl-C again stops\)\n/);
    const guest = await checkGuest(console, snapshot);
    command.signal("SIGINT");
    const { code, stderr } = await command.exited;
    assert.equal(code, 130);
    assert.match(stderr, /error: Cannot finish: stopped by SIGINT\n$/);
    await assert.rejects(guest.run(":"), /QEMU is gone/);
    const { runs } = readProfile(readFileSync(profile, "utf8"));
    assert.ok(runs.length > 100);
  },
);

linuxTest(
  "Ctrl-C simply ends a guest that no longer needs the command",
  async (linux, scratch) => {
    const snapshot = await savedGuest(linux, PC);
    for (const [via, said] of [["map", /running/], ["postcopy", /all pages/]]) {
      using console = await SerialConsole.listen(scratch.file("console"));
      await using command = new ResumeCommand(scratch.path, [
        ...[snapshot.path, "--via", String(via)],
        ...["--", ...snapshot.args, ...console.args],
      ]);
      await command.said(said as RegExp);
      command.signal("SIGINT");
      const { code, stderr } = await command.exited;
      assert.equal(code, 130, stderr);
      assert.doesNotMatch(stderr, /error:/);
    }
  },
);
