import assert from "node:assert/strict";
import { readdirSync, readFileSync, truncateSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { freePort } from "../free_port.ts";
import { expectRight } from "./expect_right.ts";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess, type ServerEvent } from "./page_server_process.ts";

const MIB = 0x100000;

/** Waits until a process uses little CPU time. */
async function untilQuiet(pid: number): Promise<void> {
  for (let attempts = 20;; attempts--) {
    const before = processorTime(pid);
    const begun = performance.now();
    await setTimeout(1000);
    const seconds = (performance.now() - begun) / 1000;
    const used = processorTime(pid) - before;
    if (used < seconds / 2) return;
    assert.ok(attempts > 0, `${used} s of CPU time in ${seconds} s`);
  }
}

/** Returns the CPU time of a process in seconds. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

handlerTest(
  "page-server serves a VM in spite of idle connections, with few descriptors",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const socket = scratch.file("pages.sock");
    const port = await freePort();
    await using server = await PageServerProcess.start(socket, [
      guest.snapshot,
      ...["--metrics", String(port)],
    ], { descriptors: 256 });
    const idle: Socket[] = [];
    const open = (to: Socket) => {
      idle.push(to);
      const { promise, resolve } = Promise.withResolvers<void>();
      to.on("connect", resolve).on("error", resolve);
      return promise;
    };
    for (let count = 0; count < 150; count++) {
      await open(connect(port, "127.0.0.1"));
    }
    for (let count = 0; count < 300; count++) await open(connect(socket));
    await untilQuiet(server.pid);
    // Descriptors of closed connections are released soon.
    while (readdirSync(`/proc/${server.pid}/fd`).length >= 150) {
      await setTimeout(100);
    }
    await expectRight(client, socket, [
      `region ${4 * MIB}`,
      `image ${guest.image}`,
      "connect",
      "touch 0 0",
    ]);
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    assert.match(await answer.text(), /connections_total \d+/);
    for (const it of idle) it.destroy();
    assert.equal(await server.stop(), 0, server.stderr);
  },
);

handlerTest(
  "page-server accepts no claim about a VM's memory that the kernel does not confirm",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    truncateSync(guest.image, 2048 * MIB);
    const socket = scratch.file("pages.sock");
    const args = [guest.image, "--flat"];
    await using server = await PageServerProcess.start(socket, args);
    const claims: readonly (readonly [string, RegExp])[] = [
      ["claim 0x40000000", /pages of 1073741824 bytes/],
      ["claim 0x200000", /has no such pages/],
      ["shift -0x10000000000", /is not registered/],
    ];
    for (const [claim, reason] of claims) {
      const count = server.events.length;
      const isRefused = (it: ServerEvent) =>
        it.event === "refused" && server.events.indexOf(it) >= count;
      await client.run(socket, [
        `region ${1024 * MIB}`,
        `image ${guest.image}`,
        `connect ${claim}`,
        () => server.until(isRefused),
      ]);
      const refused = server.events.find(isRefused);
      assert.match(refused?.message ?? "", reason);
    }
    assert.equal(await server.stop(), 0, server.stderr);
  },
);

handlerTest(
  "page-server does not block on a VM that makes its userfaultfd blocking",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const socket = scratch.file("pages.sock");
    const args = [guest.snapshot, "--no-push"];
    await using server = await PageServerProcess.start(socket, args);
    const head = [`region ${4 * MIB}`, `image ${guest.image}`];
    // The server notices it the next time it polls: at once while it is busy,
    // at the next page fault if it has slept since.
    for (const [number, pause] of [0, 500].entries()) {
      const blocking = client.run(socket, [
        ...[...head, "connect", () => server.nth("serving", 2 * number)],
        ...["patience 5", `sleep ${pause}`, "blocking", "touch 0 1"],
        ...[() => server.nth("ended", 2 * number), "touch 1000 1"],
      ]);
      const { message } = await server.nth("ended", 2 * number);
      assert.match(message ?? "", /O_NONBLOCK was cleared/);
      await expectRight(client, socket, [...head, "connect", "touch 0 0"]);
      await server.nth("ended", 2 * number + 1);
      const result = await blocking;
      assert.equal(result.code, 3, JSON.stringify(result));
    }
    assert.equal(await server.stop(), 0, server.stderr);
  },
);

handlerTest(
  "page-server kills no process that is not the VM, and reports that",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const socket = scratch.file("pages.sock");
    const args = [guest.snapshot, "--on-failure", "kill"];
    await using server = await PageServerProcess.start(socket, args);
    const countOf = (event: string) =>
      server.events.filter((it) => it.event === event).length;
    const script = (options: string, event: string) => {
      const before = countOf(event);
      return [
        `region ${4 * MIB}`,
        `image ${guest.image}`,
        `connect garbage ${options}`,
        () => server.until(() => countOf(event) > before),
      ];
    };
    // The process that connected does not own the memory.
    const launched = await client.run(socket, script("launcher", "not-killed"));
    assert.deepEqual([launched.code, launched.signal], [0, null]);
    const spared = await server.until((it) => it.event === "not-killed");
    assert.match(spared.message ?? "", /it is not a VM: none of its memory/);
    // It has ended, and its PID may have been reused.
    const orphan = await client.run(socket, script("orphan", "refused"));
    assert.deepEqual([orphan.code, orphan.signal], [0, null]);
    // It is the VM.
    const right = await client.run(socket, script("", "killed"));
    assert.equal(right.signal, "SIGKILL");
    assert.equal(await server.stop(), 0, server.stderr);
    assert.equal(countOf("killed"), 1);
  },
);

handlerTest(
  "page-server serves a VM as long as its memory exists, whichever process connected",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const socket = scratch.file("pages.sock");
    const args = [guest.snapshot, "--no-push"];
    await using server = await PageServerProcess.start(socket, args);
    const { code, reports } = await client.run(socket, [
      `region ${4 * MIB}`,
      `image ${guest.image}`,
      ...["connect helper", "touch 0 100", "leave", "sleep 1000", "touch 0 0"],
    ]);
    assert.equal(code, 0, JSON.stringify(reports));
    const { message } = await server.until((it) => it.event === "ended");
    assert.equal(message, "its process has ended");
    assert.equal(await server.stop(), 0, server.stderr);
  },
);

handlerTest(
  "page-server leaves a VM that it refuses waiting, and gives it no zeros",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      guest.snapshot,
    ]);
    const open = () => readdirSync(`/proc/${server.pid}/fd`).length;
    const before = open();
    for (const [index, option] of ["garbage", "claim 0x200000"].entries()) {
      const refused = await client.run(socket, [
        ...[`region ${4 * MIB}`, `image ${guest.image}`],
        `connect ${option} given`,
        () => server.nth("refused", index),
        ...["patience 1", "touch 1 1"],
      ]);
      assert.equal(refused.code, 3, JSON.stringify(refused));
    }
    // Their descriptors are released when they have ended.
    while (open() > before) await setTimeout(50);
    assert.equal(await server.stop(), 0, server.stderr);
  },
);
