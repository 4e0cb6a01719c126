import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import { queryQemu, startQemu } from "../../../reference/doors/qemu.ts";
import { RangeServer } from "../page_server/range_server.ts";
import { countingGuest } from "./counting_guest.ts";
import {
  errorOf,
  PC,
  saveGuest,
  SERIAL,
  STORED,
  watched,
} from "./failing_resume.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { unknownSection, unknownSectionByPostcopy } from "./qemu_words.ts";
import { ResumeCommand } from "./resume_command.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

/** Runs a command that must fail with one error line; returns that line. */
async function failure(
  scratch: ScratchDirectory,
  args: readonly string[],
): Promise<string> {
  await using command = new ResumeCommand(scratch.path, args);
  return await errorOf(command);
}

qemuTest(
  "a QEMU that does not match reports the reason, and how to compare",
  "x86_64",
  async (scratch) => {
    const path = await saveGuest(scratch);
    const guest = [...countingGuest(PC), ...SERIAL];
    const unlike = (from: string, to: string) =>
      guest.map((it) => it === from ? to : it);
    const q35 = unlike("pc,acpi=off", "q35,acpi=off");
    const large = unlike("4M", "8M");
    const { version } = await queryQemu("qemu-system-x86_64");
    const machine = "QEMU says: Machine type received is 'pc-i440fx-";
    const cases: readonly (readonly [readonly string[], string, string])[] = [
      [q35, machine, machine],
      [
        large,
        "Machine memory size does not match",
        "mismatch: pc\\.ram: 0x400000 != 0x800000",
      ],
      [
        countingGuest(PC),
        unknownSection(version, "serial"),
        unknownSectionByPostcopy(version, "serial"),
      ],
    ];
    for (const [args, byMap, byPostcopy] of cases) {
      for (
        const [via, said] of Object.entries({
          map: byMap,
          postcopy: byPostcopy,
        })
      ) {
        const line = await failure(scratch, [
          path,
          "--via",
          via,
          "--",
          ...args,
        ]);
        assert.match(
          line,
          new RegExp(`${said}.*: see .*(mapped-ram|main\\.ts) info `),
        );
        // A shell can run the suggested command.
        assert.match(line, / --against 'qemu-system-x86_64 -accel tcg .*'$/);
      }
    }
    const wrong = [path, "--", ...guest, "-no-such-option"];
    assert.match(
      await failure(scratch, wrong),
      /^error: Cannot start QEMU: -no-such-option: invalid option$/,
    );
    const shared = [
      "-object",
      "memory-backend-memfd,id=pc.ram,size=4M,share=on",
    ];
    const backend = ["-machine", "memory-backend=pc.ram"];
    const args = [...guest, ...shared, ...backend];
    assert.match(
      await failure(scratch, [path, "--via", "map", "--", ...args]),
      /Cannot map the RAM of .*share=on, .*or resume by postcopy$/,
    );
  },
);

qemuTest(
  "a full disk for the device state is reported, and nothing is left",
  "x86_64",
  async (scratch) => {
    const path = await saveGuest(scratch);
    const limit = 'trap "" XFSZ; ulimit -f 16; exec "$@"';
    const wrapper = ["env", `TMPDIR=${scratch.path}`, "sh", "-c", limit, "sh"];
    for (const via of [[], ["--via", "map"]]) {
      const args = [path, ...via, "--", ...countingGuest(PC), ...SERIAL];
      await using command = new ResumeCommand(scratch.path, args, wrapper);
      assert.match(
        await errorOf(command),
        /^error: Cannot \w+ ".*devices"[^:]*: [^:]*$/,
      );
      const names = readdirSync(scratch.path);
      assert.deepEqual(names.filter((it) => /^mapped-ram-/.test(it)), []);
    }
  },
);

qemuTest(
  "a running QEMU that is not ready reports what it needs",
  "x86_64",
  async (scratch) => {
    const path = await saveGuest(scratch);
    const guest = [...countingGuest(PC), ...SERIAL];
    const to = `unix:${scratch.file("to")}`;
    const qmp = `unix:${scratch.file("qmp")}`;
    const monitor = ["-qmp", `${qmp},server=on,wait=off`];
    const options = { directory: scratch.path, incoming: false };
    {
      await using _qemu = await startQemu([...guest, "-incoming", to], options);
      const line = await failure(scratch, [path, "--to", to]);
      // QEMU may tell that it failed before it closes the connection.
      assert.match(
        line,
        /(closed the connection|QEMU could not load it).*needs the capability postcop/,
      );
    }
    {
      await using _qemu = await startQemu([...guest, ...monitor], options);
      const line = await failure(scratch, [path, "--qmp", qmp]);
      assert.match(
        line,
        /'-incoming' was not .*: restart it with -incoming/,
      );
    }
    await using _qemu = await startQemu(
      [...guest, ...monitor, "-incoming", "defer"],
      options,
    );
    // Its memory is not the snapshot: the guest would run with zeros.
    assert.match(
      await failure(scratch, [path, "--qmp", qmp, "--via", "map"]),
      /pc\.ram of QEMU at unix:.* has mem-path unset, expected ".*saved"; start/,
    );
    const line = await failure(scratch, [path, "--to", `unix:${path}`]);
    assert.match(
      line,
      /no process listens there: start QEMU with -incoming unix:/,
    );
  },
);

qemuTest(
  "a guest whose QEMU is killed is explained, and so is a guest that ends",
  "x86_64",
  async (scratch) => {
    const path = await saveGuest(scratch);
    const pid = () => Number(readFileSync(scratch.file("pid"), "utf8"));
    {
      const args = [path, "--no-push", "--", ...watched(scratch)];
      await using command = new ResumeCommand(scratch.path, args);
      await command.said(/running/);
      process.kill(pid(), "SIGKILL");
      const { code, stderr } = await command.exited;
      assert.equal(code, 137, stderr);
      assert.match(stderr, /ended before all its pages were sent/);
    }
    const to = `unix:${scratch.file("to")}`;
    const qemu = await startQemu([
      ...[...watched(scratch), "-incoming", to],
      ...["-global", "migration.x-postcopy-ram=on"],
    ], { directory: scratch.path, incoming: false });
    try {
      await using command = new ResumeCommand(scratch.path, [
        ...[path, "--to", to, "--max-bandwidth", "4K"],
      ]);
      await command.said(/running/);
      process.kill(qemu.processId, "SIGKILL");
      const line = await errorOf(command);
      assert.match(
        line,
        /closed .*: the guest cannot continue without its missing/,
      );
    } finally {
      await qemu[Symbol.asyncDispose]();
    }
  },
);

/** The part of a saved file that the guest never accesses. */
function storedRange(path: string): { first: number; end: number } {
  using source = openFileSource(path);
  const { pagesOffset } = openSnapshotSync(source).block("pc.ram");
  const { first, end } = STORED;
  return { first: pagesOffset + first, end: pagesOffset + end };
}

/** A proxy between a monitor and its client, until it disconnects. */
function relay(from: string, to: string): { hangUp(): void } {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const monitor = connect(to);
    for (const it of [client, monitor]) it.on("error", () => {});
    sockets.push(client, monitor);
    client.pipe(monitor).pipe(client);
  }).listen(from);
  return {
    hangUp() {
      for (const it of sockets) it.destroy();
      server.close();
    },
  };
}

qemuTest(
  "a guest receives its pages although its monitor disconnects",
  "x86_64",
  async (scratch) => {
    const path = await saveGuest(scratch);
    // Pages that the guest does not need come after the monitor is gone.
    const stored = storedRange(path);
    const disconnected = Promise.withResolvers<"answer">();
    await using store = await RangeServer.start(
      readFileSync(path),
      async (first) =>
        stored.first <= first && first < stored.end
          ? await disconnected.promise
          : "answer",
    );
    const [relayed, monitor] = [scratch.file("relayed"), scratch.file("qmp")];
    await using qemu = await startQemu([
      ...[...watched(scratch), "-qmp", `unix:${monitor},server=on,wait=off`],
    ], { directory: scratch.path });
    const between = relay(relayed, monitor);
    try {
      await using command = new ResumeCommand(scratch.path, [
        ...[store.url, "--qmp", `unix:${relayed}`],
      ]);
      await command.said(/running/);
      between.hangUp();
      await command.said(/closed its monitor/);
      disconnected.resolve("answer");
      const { code, stderr } = await command.exited;
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /closed its monitor; the guest still gets its pages/,
      );
      assert.match(stderr, /all pages are sent/);
      const migration = await qemu.qmp.execute("query-migrate");
      assert.deepEqual(
        (migration as { readonly status: string }).status,
        "completed",
      );
    } finally {
      between.hangUp();
    }
  },
);
