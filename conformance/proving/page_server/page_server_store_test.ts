import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { expectRight } from "./expect_right.ts";
import { readFileSync } from "node:fs";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess } from "./page_server_process.ts";
import { RangeServer } from "./range_server.ts";

const MIB = 0x100000;
const FAR = 8 * MIB;

handlerTest(
  "page-server still serves other VMs when some end while their pages are being read",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 4096);
    let isSlow = true;
    await using http = await RangeServer.start(
      readFileSync(guest.image),
      async () => {
        if (isSlow) await setTimeout(1000);
        return "answer";
      },
    );
    const socket = scratch.file("pages.sock");
    const args = [http.url, "--flat"];
    await using server = await PageServerProcess.start(socket, args);
    const head = [`region ${16 * MIB}`, `image ${guest.image}`];
    for (let round = 0; round < 6; round++) {
      const end = `die ${300 + 100 * (round % 5)}`;
      const script = [...head, "connect", end, "random 9 3 8"];
      const { signal } = await client.run(socket, script);
      assert.equal(signal, "SIGKILL");
      await setTimeout(800);
    }
    isSlow = false;
    await expectRight(client, socket, [...head, "connect", "touch 0 0"]);
    assert.equal(await server.stop(), 0, server.stderr);
  },
);

handlerTest(
  "page-server serves a VM while another faults on a part that never arrives",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 16_384, { full: true });
    const never = Promise.withResolvers<"fail">();
    await using http = await RangeServer.start(
      readFileSync(guest.image),
      (first) => first >= FAR ? never.promise : Promise.resolve("answer"),
    );
    const socket = scratch.file("pages.sock");
    const args = [http.url, "--flat", "--no-push"];
    await using server = await PageServerProcess.start(socket, args);
    const flooding = client.run(socket, [
      `region ${64 * MIB}`,
      `image ${guest.image}`,
      "connect",
      `flood ${FAR / 4096} ${56 * 256} 300`,
      "sleep 3000",
    ]);
    await server.until((it) => it.event === "serving");
    await setTimeout(1000);
    await expectRight(client, socket, [
      `region ${FAR}`,
      `image ${guest.image}`,
      "patience 5",
      "connect",
      "touch 0 0 16",
    ]);
    await flooding;
    assert.ok(http.mostAtOnce <= 64, `${http.mostAtOnce} requests at once`);
    // Stopping does not wait for pending reads.
    assert.equal(await server.stop(), 0, server.stderr);
    never.resolve("fail");
  },
);

handlerTest(
  "page-server answers each fault of a VM that constantly removes pages",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 4096);
    await using http = await RangeServer.start(
      readFileSync(guest.image),
      async () => {
        await setTimeout(5);
        return "answer";
      },
    );
    const socket = scratch.file("pages.sock");
    const args = [http.url, "--flat", "--no-push"];
    await using server = await PageServerProcess.start(socket, args);
    await Promise.all([0, 1].map((first) =>
      expectRight(client, socket, [
        `region ${16 * MIB}`,
        `image ${guest.image}`,
        "connect",
        "balloon 2048 2048",
        `touch ${first} 200 10`,
      ])
    ));
    assert.equal(await server.stop(), 0, server.stderr);
  },
);
