import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SequentialGuest } from "../../testing/sequential_guest.ts";
import {
  PATIENT,
  run,
  runAllBad,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureStream } from "../testing/sequential_fixture.ts";

/** Connects as soon as a process listens. */
async function connected(path: string): Promise<Socket> {
  for (;; await sleep(10)) {
    const socket = connect(path);
    const isOpen = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (!isOpen) continue;
    socket.on("error", () => {});
    return socket;
  }
}

/** Waits until the unfinished file contains bytes. */
async function untilHolds(
  scratch: ScratchDirectory,
  bytes: Buffer,
): Promise<void> {
  const isPartial = (name: string) => name.endsWith(".partial");
  for (;; await sleep(5)) {
    const name = scratch.list().find(isPartial);
    if (name && Buffer.from(scratch.read(name)).includes(bytes)) return;
  }
}

test("receive writes a migration to a file", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const bytes = await fixtureStream();
  const stream = scratch.write("vm.save", bytes);
  await runGood(["convert", stream, scratch.file("expected.mr")]);
  const path = scratch.file("socket");
  const out = scratch.file("vm.mr");
  const running = run(["receive", out, "--listen", `unix:${path}`]);
  (await connected(path)).end(bytes);
  const { code, stdout, stderr } = await running;
  assert.deepEqual([code, stderr], [0, `listening at unix:${path}\n`]);
  assert.match(stdout, /^received pc-i440fx-10.0 in .* dirty rounds?\n/);
  assert.deepEqual(scratch.read("vm.mr"), scratch.read("expected.mr"));
  assert(!existsSync(path), "the socket is removed");

  const again = runGood([
    ...["receive", out, "--listen", `unix:${path}`, "--force", "--json"],
  ]);
  (await connected(path)).end(bytes);
  const events = (await again).stdout.trim().split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(events[0].event, "listening");
  assert.equal(events.at(-1).event, "received");
  assert.equal(events.at(-1).bytesReceived, bytes.length);
});

test("receive packs a migration into an image", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const bytes = await fixtureStream();
  const stream = scratch.write("vm.save", bytes);
  await runGood(["convert", stream, scratch.file("expected.mr")]);
  const path = scratch.file("socket");
  const out = scratch.file("vm.qcow2");
  const running = run(["receive", out, "--listen", `unix:${path}`]);
  (await connected(path)).end(bytes);
  const { code, stderr } = await running;
  assert.deepEqual([code, stderr], [0, `listening at unix:${path}\n`]);
  await runGood(["convert", out, scratch.file("vm.mr")]);
  assert.deepEqual(scratch.read("vm.mr"), scratch.read("expected.mr"));
  const names = ["expected.mr", "vm.mr", "vm.qcow2", "vm.save"];
  assert.deepEqual(scratch.list(), names);
});

test("receive keeps the old file if the migration fails", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const bytes = await fixtureStream();
  const out = scratch.write("vm.mr", "precious");
  const path = scratch.file("socket");
  const args = ["receive", out, "--listen", `unix:${path}`, "--force"];

  const cut = run(args);
  (await connected(path)).end(bytes.subarray(0, bytes.length - 10));
  assert.equal((await cut).code, 1);
  assert.match((await cut).stderr, /connection ended before the description/);

  const twice = run(args);
  (await connected(path)).write(bytes.subarray(0, 20));
  const second = await connected(path);
  assert.equal((await twice).code, 1);
  assert.match((await twice).stderr, /a second connection.*multifd/);
  second.destroy();

  const stopped = run(args, {
    onStart(child): void {
      void connected(path).then((socket) => {
        socket.write(bytes.subarray(0, 5000), () => child.kill("SIGTERM"));
      });
    },
  });
  assert.notEqual((await stopped).code, 0);
  assert.deepEqual(scratch.list(), ["vm.mr"]);
  assert.equal(new TextDecoder().decode(scratch.read("vm.mr")), "precious");
});

test("receive ignores others while pages come", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  // So many separate pages that the first ones are written before the last.
  const guest = new SequentialGuest({ ram: 1000 });
  const page = Buffer.alloc(4096, 7);
  guest.part(() => {
    for (let at = 0; at < 1000; at += 2) guest.page("ram", at, page);
  });
  const start = guest.bytes();
  const path = scratch.file("socket");
  const args = ["receive", scratch.file("vm.mr"), "--listen", `unix:${path}`];
  const running = runGood([...args, "--json"]);
  const socket = await connected(path);
  socket.write(start);
  await untilHolds(scratch, page);
  for (let count = 0; count < 3; count++) {
    const other = await connected(path);
    await once(other.resume(), "close");
  }
  guest.part(() => guest.zero("ram", 1), 3);
  socket.end(guest.finish().subarray(start.length));
  await running;
  assert.deepEqual(scratch.list(), ["vm.mr"]);
});

test(
  "receive keeps a migration that it cannot parse",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = await fixtureStream();
    const out = scratch.file("vm.mr");
    const path = scratch.file("socket");
    scratch.write("vm.mr.stream", "of another time");
    // An item of an unknown type.
    const at = new TextDecoder("latin1").decode(bytes).indexOf("\x01\0\0\0");
    const strange = bytes.slice();
    strange[at] = 9;
    const running = run(["receive", out, "--listen", `unix:${path}`]);
    (await connected(path)).end(strange);
    const { code, stderr } = await running;
    assert.equal(code, 1);
    assert.match(stderr, /an item of type 0x9.*kept in ".*vm.mr.stream.1"/);
    assert.deepEqual(scratch.read("vm.mr.stream.1"), strange);
    assert(!existsSync(out));
  },
);

test("receive refuses before it listens", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const out = scratch.write("vm.mr", "precious");
  const listen = ["--listen", `unix:${scratch.file("s")}`];
  await runAllBad([
    [["receive", ...listen], 2, /without OUT/],
    [["receive", scratch.file("x")], 2, /without --listen ADDRESS/],
    [["receive", out, ...listen], 1, /--force replaces it/],
    [["receive", "/sys/x", ...listen], 1, /Cannot write "\/sys\/x": .*permi/],
    [
      ["receive", scratch.file("x"), "--listen", "tcp:1"],
      2,
      /Cannot use the address/,
    ],
  ]);
  assert.deepEqual(scratch.list(), ["vm.mr"]);
});

test(
  "receive takes over the socket of a process that has ended",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const path = scratch.file("socket");
    const args = (name: string) => [
      ...["receive", scratch.file(name), "--listen", `unix:${path}`],
    ];
    const killed = run(args("one.mr"), {
      onStart(child): void {
        void connected(path).then(async () => {
          // The folder in which it was bound is removed a moment later.
          while (scratch.list().some((it) => /^\.\w+$/.test(it))) {
            await sleep(1);
          }
          child.kill("SIGKILL");
        });
      },
    });
    assert.notEqual((await killed).code, 0);
    assert(existsSync(path));

    const living = run(args("one.mr"));
    const bytes = await fixtureStream();
    const socket = await connected(path);
    // A second process neither replaces the first one nor disturbs it.
    await runBad(args("two.mr"), 1, /another process listens there\n$/);
    socket.end(bytes);
    assert.equal((await living).code, 0);
    assert.deepEqual(scratch.list(), ["one.mr"]);
  },
);
