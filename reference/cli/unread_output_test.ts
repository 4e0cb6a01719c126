import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openFileSource } from "../local/mod.ts";
import { verifySnapshot } from "../reading/mod.ts";
import { programLine, run } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { fixtureStream } from "./testing/sequential_fixture.ts";
import { fixtureMemory, fixtureSnapshot } from "./testing/snapshot_fixture.ts";
import { type Unread, unread, UNREAD_TEST } from "./testing/unread_output.ts";

type Kind = readonly [how: Unread, descriptors: 1 | 2 | 12];

/** Every kind of unread output, on one stream or both. */
const KINDS: readonly Kind[] = [
  ["pipe", 12],
  ["socket", 1],
  ["terminal", 12],
  ["left", 1],
  ["left", 12],
  ["closed", 12],
];

const MEMORY = fixtureMemory()["pc.ram"];

async function assertGood(path: string): Promise<void> {
  using source = openFileSource(path);
  const { good, findings } = await verifySnapshot(source, { pages: true });
  assert(good, JSON.stringify(findings));
}

/** Runs a command whose output is unread, which must finish its work. */
async function runUnread(
  args: readonly string[],
  kind: Kind,
  onStart?: (child: ChildProcess) => void,
): Promise<void> {
  const { code, stderr } = await run(args, {
    wrapper: unread(...kind),
    ...(onStart === undefined ? {} : { onStart }),
  });
  const what = `${args.join(" ")}, ${kind.join(" ")}`;
  assert.match(stderr, /^(\d+ lines? for standard output dropped[^\n]*\n)?$/);
  assert.equal(code, 0, what);
}

for (const kind of KINDS) {
  test(
    `work is finished with unread output: ${kind.join(" ")}`,
    UNREAD_TEST,
    async () => {
      using scratch = new ScratchDirectory();
      const image = scratch.write("image", MEMORY);
      const stream = scratch.write("vm.seq", await fixtureStream());
      const [saved, converted] = ["saved.mr", "converted.mr"]
        .map((name) => scratch.file(name));
      await runUnread(
        ["save", saved, "--block", `ram=${image}`, "--json"],
        kind,
      );
      await assertGood(saved);
      await runUnread(["load", saved, scratch.path, "--json"], kind);
      assert.equal(Buffer.compare(scratch.read("ram.img"), MEMORY), 0);
      await runUnread(["convert", stream, converted, "--json"], kind);
      await assertGood(converted);
      await runUnread(["convert", stream, converted, "--force"], kind);
      await assertGood(converted);
    },
  );
}

test(
  "a migration is received even if the output is unread",
  UNREAD_TEST,
  async () => {
    using scratch = new ScratchDirectory();
    const stream = await fixtureStream();
    for (const how of ["pipe", "left"] as const) {
      const out = scratch.file(`${how}.mr`);
      const path = scratch.file(`${how}.sock`);
      const args = ["receive", out, "--listen", `unix:${path}`, "--json"];
      await runUnread(args, [how, 12], () => void migrate(path, stream));
      await assertGood(out);
    }
  },
);

/** Sends bytes to a socket as soon as a process listens there. */
async function migrate(path: string, bytes: Uint8Array): Promise<void> {
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, "connect");
      socket.end(bytes);
      return;
    } catch {
      await sleep(20);
    }
  }
}

test(
  "dropped lines are reported when reading resumes",
  UNREAD_TEST,
  async () => {
    using scratch = new ScratchDirectory();
    const go = scratch.file("go");
    const module = fileURLToPath(
      new URL("testing/many_log_lines.ts", import.meta.url),
    );
    const [late, ...rest] = unread(`late:${go}`, 1);
    const line = programLine([go], undefined, module);
    const child = spawn(late, [...rest, ...line], { stdio: "ignore" });
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    while (!scratch.list().includes("go.read")) await sleep(10);
    const text = new TextDecoder().decode(scratch.read("go.read"));
    const [filler, ...lines] = text.trimEnd().split("\n");
    assert.match(filler, /^x+$/);
    assert.equal(lines.pop(), "last");
    const at = lines.findIndex((it) => it.startsWith("{"));
    const { event, count } = JSON.parse(lines[at]);
    assert.equal(event, "dropped");
    const numbers = lines.toSpliced(at, 1).map((it) => parseInt(it));
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
    assert.equal(
      count,
      20_000 - numbers.length,
      "all dropped lines are counted",
    );
    assert.equal(numbers.at(-1), 19_999);
  },
);

test("the product is kept until it is read", UNREAD_TEST, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const range = ["read", file, "pc.ram", "0", "3M"];
  const raw = await printedSlowly([...range, "--out", "-"]);
  assert.equal(Buffer.compare(raw, MEMORY), 0);
  // A write that is longer than the pipe fits in part.
  const { hex } = JSON.parse(String(await printedSlowly([...range, "--json"])));
  assert.equal(hex, Buffer.from(MEMORY).toString("hex"));
});

/** Returns the output of a command whose reader is slow and starts late. */
async function printedSlowly(line: readonly string[]): Promise<Buffer> {
  const [program, ...args] = programLine(line);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const parts: Buffer[] = [];
  await sleep(500);
  for await (const part of child.stdout) {
    if (parts.length % 16 === 0) await sleep(20);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
