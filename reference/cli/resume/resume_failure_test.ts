import assert from "node:assert/strict";
import { test } from "node:test";
import { connectSocket } from "../../sockets/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import { processorTime } from "../../testing/processor_time.ts";
import { info } from "../info/info.ts";
import { parse } from "../program/command.ts";
import { resumeArguments } from "./resume_arguments.ts";
import { explainFailure } from "./resume_failure.ts";
import { programWords } from "../program/program_name.ts";

const DIGEST = `sha256:${"5e".repeat(32)}`;

/** Returns the error about a QEMU that printed this and then disconnected. */
async function lineAbout(
  printed: readonly string[],
  args: readonly string[] = ["vm.mr", "--", "-M", "pc"],
): Promise<string> {
  const error = await explainFailure(
    new SourceError("vm", "vm has closed the connection"),
    resumeArguments(args),
    { destination: { stderr: printed.map((it) => `${it}\n`).join("") } },
  );
  assert.ok(error instanceof SourceError);
  return error.message;
}

const ADVICE = `see ${programWords().join(" ")} info vm.mr --against ` +
  "'qemu-system-x86_64 -M pc'";
const REASON = "Unknown savevm section or instance 'serial' 0.";
/** Consequences, whose order depends on the threads of QEMU. */
const CONSEQUENCES = [
  "error while loading state section id 1(ram)",
  "postcopy_ram_listen_thread: loadvm failed: -22",
  "load of migration failed: Invalid argument",
];

test("explainFailure() returns the reason, not its consequences", async () => {
  assert.equal(
    await lineAbout([
      "qemu-system-x86_64: warning: this is slow",
      `qemu-system-x86_64: ${REASON}`,
      ...CONSEQUENCES.map((it) => `qemu-system-x86_64: ${it}`),
    ]),
    `Cannot resume the guest: QEMU says: ${REASON}: ${ADVICE}`,
  );
});

test("explainFailure() returns the consequences if there is nothing else", async () => {
  assert.equal(
    await lineAbout(CONSEQUENCES),
    `Cannot resume the guest: QEMU says: ${CONSEQUENCES.join("; ")}: ${ADVICE}`,
  );
  assert.equal(
    await lineAbout([]),
    `vm has closed the connection: ${ADVICE}`,
  );
});

test("explainFailure() advises a command with the same options", async () => {
  const options = ["--offset", "0x1000", "--digest", DIGEST, "--verity", "v"];
  const line = ["vm.mr", ...options, "--qmp", "unix:/run/qmp"];
  const advised = await lineAbout([], line);
  const [, command] = advised.split(": see ");
  const words = command.slice(programWords().join(" ").length).trim();
  assert.equal(
    words,
    `info vm.mr --digest ${DIGEST} --verity v ` +
      "--offset 4096 --against unix:/run/qmp",
  );
  const { values } = parse(words.split(" ").slice(1), info.options);
  assert.equal(values.against, "unix:/run/qmp");
});

test("explainFailure() returns a reason that only the monitor reports", async () => {
  const begin = "Cannot resume the guest: load of migration failed: ";
  const answers = {
    [`Invalid argument: ${REASON}`]: REASON,
    "Invalid argument: post load hook failed for: configuration, version_id: 1, minimum_version: 0: Machine type received is 'a' and local is 'b'":
      "Machine type received is 'a' and local is 'b'",
    "Operation not permitted: Postcopy needs matching RAM page sizes (s=1000 d=201000)":
      "Postcopy needs matching RAM page sizes (s=1000 d=201000)",
    "Invalid argument: post load hook failed for: cpu, version_id: 1, minimum_version: 0: no":
      "post load hook failed for: cpu, version_id: 1, minimum_version: 0: no",
  };
  for (const [answer, reason] of Object.entries(answers)) {
    const refused = Promise.reject(new SourceError("vm", begin + answer));
    refused.catch(() => {});
    const error = await explainFailure(
      new SourceError("vm", "vm has closed the connection"),
      resumeArguments(["vm.mr", "--", "-M", "pc"]),
      { incoming: { guest: refused, completed: refused, restored: refused } },
    );
    assert.ok(error instanceof SourceError);
    const line = `Cannot resume the guest: QEMU says: ${reason}: ${ADVICE}`;
    assert.equal(error.message, line);
  }
});

test("explainFailure() takes no longer for hostile messages", async () => {
  for (const word of ["qemu", "memory", "Cannot execute x: ", "size ", " "]) {
    const begun = processorTime();
    const line = await lineAbout([word.repeat(0x10000 / word.length)]);
    assert.ok(line.length < 5000, `${line.length} characters`);
    // A backtracking pattern would take many seconds.
    assert.ok(processorTime() - begun < 3000, word);
  }
});

test("explainFailure() suggests an address for a QEMU with other files", async () => {
  const refused = await connectSocket("unix:/no/such/socket").catch((it) => it);
  const error = await explainFailure(
    refused,
    resumeArguments(["vm.mr", "--qmp", "unix:qmp"]),
    {},
  );
  assert.ok(error instanceof SourceError);
  assert.match(
    error.message,
    /: QEMU may have other files.*: pass --to ADDRESS, /,
  );
});
