import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { expectRight } from "./expect_right.ts";
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
    let answer = Promise.withResolvers<"answer">();
    await using http = await RangeServer.start(
      readFileSync(guest.image),
      () => answer.promise,
    );
    const socket = scratch.file("pages.sock");
    const args = [http.url, "--flat"];
    answer.resolve("answer");
    await using server = await PageServerProcess.start(socket, args);
    answer = Promise.withResolvers();
    const head = [`region ${16 * MIB}`, `image ${guest.image}`];
    for (let round = 0; round < 6; round++) {
      const script = [...head, "connect", `random 9 ${round} 8`];
      const dying = client.run(socket, script);
      const { pid } = await server.nth("serving", round);
      await http.until(() => http.atOnce > 0);
      process.kill(Number(pid), "SIGKILL");
      assert.equal((await dying).signal, "SIGKILL");
      // The reads end before or after the server has noticed that.
      if (round % 2 === 0) await server.nth("ended", round);
      const { resolve } = answer;
      answer = Promise.withResolvers();
      resolve("answer");
      await server.nth("ended", round);
    }
    answer.resolve("answer");
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
    const flooded = Promise.withResolvers<void>();
    const served = Promise.withResolvers<void>();
    const flooding = client.run(socket, [
      `region ${64 * MIB}`,
      `image ${guest.image}`,
      "patience 100",
      "connect",
      `flood ${FAR / 4096} ${56 * 256} 300`,
      () => flooded.resolve(),
      () => served.promise,
    ]);
    const near = [`region ${FAR}`, `image ${guest.image}`, "connect"];
    await http.until(() => http.atOnce > 0);
    await expectRight(client, socket, [...near, "touch 0 0 16"]);
    await flooded.promise;
    await expectRight(client, socket, [...near, "touch 8 0 16"]);
    served.resolve();
    assert.equal((await flooding).code, 0);
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
