import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import type { HandlerClient } from "./handler_client.ts";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess } from "./page_server_process.ts";

const MIB = 0x100000;

/** Runs a script and sees that all pages are right. */
async function expectRight(
  client: HandlerClient,
  socket: string,
  script: readonly string[],
): Promise<void> {
  const result = await client.run(socket, script);
  assert.equal(result.code, 0, JSON.stringify(result));
  const lines = script.filter((it) => !/^(region|image|patience)/.test(it));
  assert.equal(result.reports.length, lines.length, JSON.stringify(result));
}

for (const kind of ["snapshot", "flat image"]) {
  handlerTest(
    `page-server serves a ${kind}, whatever the handshake looks like`,
    async (client, scratch) => {
      const guest = await writeKnownGuest(scratch, 4096);
      const socket = scratch.file("pages.sock");
      const args = kind === "snapshot"
        ? [guest.snapshot]
        : [guest.image, "--flat"];
      await using server = await PageServerProcess.start(socket, [
        ...args,
        "--no-push",
      ]);
      for (
        const handshake of [
          "",
          "late",
          "split",
          "legacy",
          "unknown",
          "two",
          "pad 5000 legacy unknown split two",
        ]
      ) {
        await expectRight(client, socket, [
          `region ${4 * MIB}`,
          `region ${12 * MIB}`,
          `image ${guest.image}`,
          `connect ${handshake}`,
          "random 500 3 4",
          "remove 100 40",
          "touch 0 0",
          "remove 0 300",
          "touch 4095 0 -1",
        ]);
      }
      assert.equal(await server.stop(), 0);
      assert.equal(server.stderr, "");
    },
  );
}

handlerTest(
  "page-server refuses a handshake that is none, and serves the others",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      guest.snapshot,
    ]);
    for (const [size, handshake] of [[4, "garbage"], [4, "cut"], [8, ""]]) {
      await client.run(socket, [
        `region ${Number(size) * MIB}`,
        `image ${guest.image}`,
        `connect ${handshake}`,
        "sleep 300",
      ]);
    }
    const refused = server.events.filter((it) => it.event === "refused");
    assert.match(refused[0]?.message ?? "", /its handshake is "\{/);
    assert.match(refused[1]?.message ?? "", /hung up before/);
    assert.match(refused[2]?.message ?? "", /has memory from 0 to 8388608/);
    await expectRight(client, socket, [
      `region ${4 * MIB}`,
      `image ${guest.image}`,
      "connect",
      "touch 0 0",
    ]);
  },
);

handlerTest(
  "page-server keeps removed pages zero in 10,000 races with its own work",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 12_288);
    for (const args of [["--no-push", "--fault-around", "4K"], []]) {
      const socket = scratch.file("pages.sock");
      await using server = await PageServerProcess.start(socket, [
        guest.snapshot,
        ...args,
      ]);
      await expectRight(client, socket, [
        `region ${48 * MIB}`,
        `image ${guest.image}`,
        "connect",
        "race 10000 3",
        "touch 0 0",
      ]);
      await server.stop();
    }
  },
);

handlerTest(
  "page-server serves several VMs at once, and those behind one that died",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 4096);
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      guest.snapshot,
    ]);
    const dying = client.run(socket, [
      `region ${16 * MIB}`,
      `image ${guest.image}`,
      "connect",
      "random 100 9",
      "die",
    ]);
    const script = [
      `region ${16 * MIB}`,
      `image ${guest.image}`,
      "connect",
      "random 2000 5 2",
      "touch 0 0",
    ];
    await Promise.all(
      Array.from({ length: 4 }, () => expectRight(client, socket, script)),
    );
    assert.equal((await dying).signal, "SIGKILL");
    await server.until((it) => it.event === "ended");
  },
);

handlerTest(
  "page-server lets a VM wait, and kills it if asked to, where a page cannot be had",
  async (client, scratch) => {
    for (const policy of ["stall", "kill"]) {
      const guest = await writeKnownGuest(scratch, 2048);
      const socket = scratch.file("pages.sock");
      await using server = await PageServerProcess.start(socket, [
        guest.snapshot,
        ...["--no-push", "--retry-for", "1", "--on-failure", policy],
      ]);
      truncateSync(guest.snapshot, 3 * MIB);
      const result = await client.run(socket, [
        `region ${8 * MIB}`,
        `image ${guest.image}`,
        "patience 4",
        "connect",
        "touch 0 100",
        "touch 1400 50",
      ]);
      const last = result.reports.at(-1);
      if (policy === "kill") {
        assert.equal(result.signal, "SIGKILL", JSON.stringify(result));
        await server.until((it) => it.event === "killed");
      } else {
        assert.equal(last?.stalled, true, JSON.stringify(result));
        await server.until((it) => it.event === "failed");
      }
      // Up to there it was served, and what it read was right.
      assert.equal(result.reports[1]?.wrong, 0);
      await server.until((it) => it.event === "ended");
      await server.stop();
    }
  },
);

handlerTest(
  "page-server leaves a VM waiting, not with zeros, when it is killed",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 2048);
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      guest.snapshot,
      "--no-push",
    ]);
    const running = client.run(socket, [
      `region ${8 * MIB}`,
      `image ${guest.image}`,
      "patience 3",
      "connect",
      "touch 0 200",
      "sleep 1000",
      "touch 200 0",
    ]);
    await server.until((it) => it.event === "serving");
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.stop("SIGKILL");
    const { reports, code } = await running;
    assert.equal(code, 3);
    assert.equal(reports[1]?.wrong, 0);
    assert.equal(reports.at(-1)?.stalled, true);
  },
);

handlerTest(
  "page-server serves from a URL whose server fails now and then",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 4096);
    const bytes = readFileSync(guest.snapshot);
    let count = 0;
    const http = createServer((request, response) => {
      const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
      if (++count > 20 && count % 5 === 0) {
        request.socket.destroy();
        return;
      }
      const first = Number(range?.[1] ?? 0);
      const last = Math.min(Number(range?.[2] ?? Infinity), bytes.length - 1);
      const body = bytes.subarray(first, last + 1);
      response.writeHead(range === null ? 200 : 206, {
        "accept-ranges": "bytes",
        "content-length": body.length,
        "etag": '"one"',
        ...range === null ? {} : {
          "content-range": `bytes ${first}-${last}/${bytes.length}`,
        },
      });
      response.end(request.method === "HEAD" ? undefined : body);
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const address = http.address();
    assert.ok(typeof address === "object" && address !== null);
    const url = `http://127.0.0.1:${address.port}/guest.mr`;
    const socket = scratch.file("pages.sock");
    try {
      await using server = await PageServerProcess.start(socket, [url]);
      await expectRight(client, socket, [
        `region ${16 * MIB}`,
        `image ${guest.image}`,
        "connect",
        "random 300 5 3",
        "race 300 8",
        "touch 0 0",
      ]);
      assert.equal(await server.stop(), 0);
    } finally {
      http.closeAllConnections();
      http.close();
    }
  },
);

handlerTest(
  "page-server records what was touched, and loads that first the next time",
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
  "page-server makes huge pages of small ones",
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
  "page-server answers Prometheus, and stops when it is told to",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const address = probe.address();
    assert.ok(typeof address === "object" && address !== null);
    const { port } = address;
    probe.close();
    await once(probe, "close");
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
