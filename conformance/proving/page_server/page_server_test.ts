import assert from "node:assert/strict";
import { expectRight } from "./expect_right.ts";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess } from "./page_server_process.ts";

const MIB = 0x100000;

for (const kind of ["snapshot", "flat image"]) {
  handlerTest(
    `page-server serves a ${kind} after each form of handshake`,
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
  "page-server refuses an invalid handshake, and serves other VMs",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 1024);
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      guest.snapshot,
    ]);
    const refused = () => server.events.filter((it) => it.event === "refused");
    for (const [size, handshake] of [[4, "garbage"], [4, "cut"], [8, ""]]) {
      const before = refused().length;
      await client.run(socket, [
        `region ${Number(size) * MIB}`,
        `image ${guest.image}`,
        `connect ${handshake}`,
        () => server.until(() => refused().length > before),
      ]);
    }
    assert.match(refused()[0]?.message ?? "", /its handshake is "\{/);
    assert.match(refused()[1]?.message ?? "", /disconnected before/);
    assert.match(refused()[2]?.message ?? "", /has memory from 0 to 8388608/);
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
  "page-server serves several VMs at once, and later ones after one that died",
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
