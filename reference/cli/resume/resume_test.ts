import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Interrupted } from "../program/interrupted.ts";
import { StoppedClock } from "../../testing/stopped_clock.ts";
import { writeProgram } from "../../testing/write_program.ts";
import { PATIENT, run, runAllBad, runBad } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureGuest, fixtureSnapshot } from "../testing/snapshot_fixture.ts";
import { ResumeInterrupts } from "./resume_interrupts.ts";
import { formatResumeProgress } from "./resume_report.ts";

test("resume refuses a wrong command line", PATIENT, async () => {
  const qemu = ["--", "-M", "pc"];
  await runAllBad([
    [["resume"], 2, /without FILE/],
    [["resume", ...qemu], 2, /without FILE/],
    [["resume", "f"], 2, /without a QEMU: expected its arguments after --,/],
    [["resume", "f", "g", ...qemu], 2, /Cannot use "g"/],
    [["resume", "f", "--via", "air", ...qemu], 2, /"air" as --via: expected/],
    [["resume", "f", "--", "-incoming", "defer"], 2, /QEMU with -incoming/],
    [["resume", "f", "--", "q", "--daemonize"], 2, /QEMU with --daemonize/],
    [
      ["resume", "f", "--to", "/x"],
      2,
      /"\/x" \(--to\): expected unix:PATH/,
    ],
    [["resume", "f", "--qmp", "tcp:h:0"], 2, / \(--qmp\): expected .* port/],
    [["resume", "f", "--qmp", "tcp:h:1"], 2, /expected --to as well/],
    [
      ["resume", "f", "--to", "unix:/x", ...qemu],
      2,
      /--to: the arguments after --/,
    ],
    [
      ["resume", "f", "--qmp", "unix:/x", ...qemu],
      2,
      /--qmp: the arguments after --/,
    ],
    [
      ["resume", "f", "--to", "unix:/x", "--paused"],
      2,
      /with -S instead/,
    ],
    [["resume", "f", "--via", "map"], 2, /without --out OUT/],
    [
      ["resume", "f", "--via", "map", "--record", "p", ...qemu],
      2,
      /--record by --via map/,
    ],
    [
      ["resume", "f", "--via", "map", "--to", "unix:/x"],
      2,
      /--to by --via map/,
    ],
    [
      ["resume", "f", "--out", "d", ...qemu],
      2,
      /--out without --via map/,
    ],
    [
      ["resume", "f", "--no-push", "--replay", "p", ...qemu],
      2,
      /--replay: --no-push forbids it/,
    ],
    [
      ["resume", "f", "--no-push", "--max-bandwidth", "1M", ...qemu],
      2,
      /--max-bandwidth: --no-push pushes nothing/,
    ],
    [
      ["resume", "f", "--max-bandwidth", "0", ...qemu],
      2,
      /0 as --max-bandwidth: expected at least 1/,
    ],
    [
      ["resume", "f", "--huge-pages", "2M", "--to", "unix:/x"],
      2,
      /"2M" as --huge-pages: expected IDSTR=SIZE/,
    ],
  ]);
});

test(
  "resume sends RAM without devices only to an unknown destination",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const ram = scratch.write("ram.mr", await fixtureSnapshot());
    const unknown = `unix:${scratch.file("none")}`;
    const sent = await run(["resume", ram, "--to", unknown]);
    assert.equal(sent.code, 1);
    assert.match(sent.stderr, /holds RAM only, .* such as -M none/);
    assert.match(sent.stderr, /error: .*no such socket/);
  },
);

test("resume reports what is missing before it starts", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureGuest());
  const ram = scratch.write("ram.mr", await fixtureSnapshot());
  const text = scratch.write("text", "no profile\n");
  const none = scratch.file("none");
  const qemu = ["--", none];
  await runAllBad([
    [["resume", none, ...qemu], 1, /Cannot open ".*none": no such file/],
    [["resume", text, ...qemu], 1, /Cannot read ".*text"/],
    [["resume", ram, "--via", "postcopy", ...qemu], 1, /it holds RAM only, no/],
    [["resume", file, ...qemu], 1, /"[^"]*none": there is no .*: install QEMU/],
    [["resume", file, "--replay", text, ...qemu], 1, /expected "mapped-ram-pr/],
    [["resume", file, "--replay", none, ...qemu], 1, /Cannot open ".*none"/],
    [
      ["resume", file, "--record", text, ...qemu],
      1,
      /Cannot write ".*text": there is a file .*--force/,
    ],
    [
      ["resume", file, "--record", file, "--force", ...qemu],
      2,
      /Cannot write ".*vm\.mr": it is an input, too/,
    ],
  ]);
  const socket = `unix:${none}`;
  for (
    const [option, advice] of [["--to", ""], ["--qmp", "defer -qmp "]]
  ) {
    const { code, stderr } = await run(["resume", file, option, socket]);
    assert.equal(code, 1);
    const said = RegExp(
      `\nerror: Cannot connect to ${socket}: there is no such socket: start ` +
        `QEMU with -incoming ${advice}${socket}[^\n]* first\n$`,
    );
    assert.match(stderr, said);
  }
});

/** A program that is not QEMU. */
function program(scratch: ScratchDirectory, script: string): string {
  return writeProgram(scratch.file("program"), script);
}

test(
  "resume uses postcopy if QEMU cannot map, and reports why",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureGuest());
    const old = program(
      scratch,
      `case "$*" in
        --version) echo "QEMU emulator version 8.0.2" ;;
        *help) echo "  share=<bool>" ;;
        *) echo "qemu: warning: it is old" >&2
          echo "qemu: too old" >&2; exit 3 ;;
      esac`,
    );
    const { code, stdout, stderr } = await run(["resume", file, "--", old]);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^resuming by postcopy: Cannot map .* 8\.0\.2 has no offset, rom, readonly .*\nerror: Cannot start QEMU: too old\n$/,
    );
    await runBad(
      ["resume", file, "--via", "map", "--", old],
      1,
      /Cannot map the RAM of ".*vm\.mr": .* 8\.0\.2 has no offset, rom,/,
    );
    const json = await run([
      ...["resume", file, "--json", "--no-push", "--", old],
    ]);
    const reason = "--no-push needs it";
    assert.deepEqual(
      JSON.parse(json.stdout),
      { event: "way", via: "postcopy", reason },
    );
  },
);

test("formatResumeProgress() formats one line", () => {
  const statistics = {
    requests: 9,
    requestedPages: 1,
    pushedPages: 51234,
    pushedZeros: 0,
    bytesSent: 0,
    retries: 0,
  };
  const progress = { ...statistics, bytesRead: 2 ** 20, milliseconds: 1234 };
  assert.equal(
    formatResumeProgress(progress),
    "after 1.2 s: 1 page requested, 51,234 pushed, 1 MiB read",
  );
  assert.match(
    formatResumeProgress({ ...progress, retries: 3 }),
    /, 3 reads retried$/,
  );
});

test("ResumeInterrupts explains the first Ctrl-C if something would be lost", () => {
  using clock = new StoppedClock();
  using interrupts = new ResumeInterrupts();
  const said: string[] = [];
  interrupts.tell = (text) => said.push(text);
  interrupts.loss = "All is lost";
  // `deno task` sends a second one immediately.
  process.emit("SIGINT", "SIGINT");
  clock.time += 199;
  process.emit("SIGINT", "SIGINT");
  assert.deepEqual(said, ["All is lost (Ctrl-C again stops)"]);
  assert.equal(interrupts.signal.aborted, false);
  clock.time += 1;
  process.emit("SIGINT", "SIGINT");
  assert.ok(interrupts.signal.reason instanceof Interrupted);
});

test("ResumeInterrupts stops at once if it is terminated", () => {
  using interrupts = new ResumeInterrupts();
  interrupts.loss = "All is lost";
  process.emit("SIGTERM", "SIGTERM");
  assert.ok(interrupts.signal.reason instanceof Interrupted);
});

test("ResumeInterrupts stops at once if nothing would be lost", () => {
  using interrupts = new ResumeInterrupts();
  process.emit("SIGINT", "SIGINT");
  assert.equal(interrupts.signal.aborted, true);
});
