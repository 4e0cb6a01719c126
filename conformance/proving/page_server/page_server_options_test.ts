import assert from "node:assert/strict";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { freePort } from "../free_port.ts";
import { expectRight } from "./expect_right.ts";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess } from "./page_server_process.ts";

const MIB = 0x100000;

handlerTest(
  "page-server records which pages are read, and loads them first the next time",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 4096);
    const socket = scratch.file("pages.sock");
    const profile = scratch.file("guest.profile");
    const script = (touch: string) => [
      `region ${16 * MIB}`,
      `image ${guest.image}`,
      "connect",
      touch,
    ];
    {
      const args = [guest.snapshot, "--no-push", "--record", profile];
      await using server = await PageServerProcess.start(socket, args);
      await expectRight(client, socket, script("touch 3000 50"));
      assert.equal(await server.stop(), 0);
    }
    const text = readFileSync(profile, "utf8");
    assert.match(text, /3000/);
    const args = [guest.snapshot, "--replay", profile];
    await using _server = await PageServerProcess.start(socket, args);
    await expectRight(client, socket, script("touch 0 0"));
    // A profile of another snapshot is refused.
    const other = scratch.file("other.profile");
    writeFileSync(other, text.replace(/[0-9a-f]{64}/, "0".repeat(64)));
    await assert.rejects(
      PageServerProcess.start(scratch.file("b.sock"), [
        guest.snapshot,
        "--replay",
        other,
      ]),
      /Cannot use the profile/,
    );
  },
);

const freeHugePages = Number(
  /^HugePages_Free:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1],
);
const hugeTest = freeHugePages >= 8 ? handlerTest : skipHuge;

function skipHuge(name: string): void {
  test(
    `${name} (skipped: fewer than 8 free huge pages)`,
    { skip: true },
    () => {},
  );
}

hugeTest(
  "page-server assembles huge pages from small ones",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 3968);
    const socket = scratch.file("pages.sock");
    for (const args of [["--no-push"], []]) {
      await using server = await PageServerProcess.start(socket, [
        guest.snapshot,
        ...args,
      ]);
      await expectRight(client, socket, [
        `region ${6 * MIB} ${2 * MIB}`,
        `region ${8 * MIB} ${2 * MIB}`,
        `image ${guest.image}`,
        "connect",
        "random 20 3 2",
        "remove 3 1",
        "touch 0 0",
      ]);
      assert.equal(await server.stop(), 0);
    }
  },
);

handlerTest(
  "page-server serves Prometheus metrics, and stops on request",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const port = await freePort();
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      guest.snapshot,
      ...["--no-push", "--metrics", String(port)],
    ]);
    await expectRight(client, socket, [
      `region ${4 * MIB}`,
      `image ${guest.image}`,
      "connect",
      "remove 8 4",
      "touch 0 0",
    ]);
    await server.until((it) => it.event === "ended");
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    const text = await response.text();
    const value = (name: string) =>
      Number(
        new RegExp(`^mapped_ram_page_server_${name} (.+)$`, "m").exec(text)
          ?.[1],
      );
    assert.equal(value("connections_total"), 1);
    assert.equal(value("vms"), 0);
    assert.equal(value("removed_bytes_total"), 4 * 4096);
    assert.ok(value("faults_total") > 0, text);
    assert.equal(await server.stop(), 0);
  },
);

handlerTest(
  "page-server takes over a dead server's socket, but not that of a running one",
  async (_client, scratch) => {
    const { snapshot } = await writeKnownGuest(scratch, 16);
    const socket = scratch.file("pages.sock");
    {
      await using killed = await PageServerProcess.start(socket, [snapshot]);
      await killed.stop("SIGKILL");
    }
    assert(statSync(socket).isSocket());
    await using server = await PageServerProcess.start(socket, [snapshot]);
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    await assert.rejects(
      PageServerProcess.start(socket, [snapshot]),
      /another process listens there/,
    );
    // It has served no VM, and removes only its own socket.
    const another = scratch.file("another.sock");
    await using second = await PageServerProcess.start(another, [snapshot]);
    renameSync(another, socket);
    assert.equal(await server.stop(), 0);
    assert.deepEqual(server.events.map(({ event }) => event), ["ready"]);
    assert(statSync(socket).isSocket());
    assert.equal(await second.stop(), 0);
  },
);
