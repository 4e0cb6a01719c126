import assert from "node:assert/strict";
import { readFileSync, truncateSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { expectRight } from "./expect_right.ts";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess } from "./page_server_process.ts";
import { RangeServer } from "./range_server.ts";

const MIB = 0x100000;

handlerTest(
  "page-server lets a VM wait, or kills it on request, if a page cannot be read",
  async (client, scratch) => {
    for (const policy of ["stall", "kill"]) {
      const guest = await writeKnownGuest(scratch, 2048);
      const socket = scratch.file("pages.sock");
      await using server = await PageServerProcess.start(socket, [
        guest.snapshot,
        // A file that has changed is not retried.
        ...["--no-push", "--retry-for", "600", "--on-failure", policy],
      ]);
      const running = client.run(socket, [
        `region ${8 * MIB}`,
        `image ${guest.image}`,
        "patience 100",
        "connect",
        "touch 0 100",
        () => truncateSync(guest.snapshot, 3 * MIB),
        "touch 1400 50",
      ]);
      if (policy === "kill") await server.nth("killed", 0);
      else {
        await server.nth("failed", 0);
        await setTimeout(1000);
        process.kill(Number((await server.nth("serving", 0)).pid), "SIGKILL");
      }
      const { signal, reports } = await running;
      assert.equal(signal, "SIGKILL", JSON.stringify(reports));
      // Up to that point it was served with the right pages, then with none.
      assert.deepEqual(reports.map(({ command, wrong }) => [command, wrong]), [
        ["connect", undefined],
        ["touch", 0],
      ]);
      await server.until((it) => it.event === "ended");
      await server.stop();
    }
  },
);

handlerTest(
  "page-server leaves a VM waiting, not with zeros, when page-server is killed",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 2048);
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [
      guest.snapshot,
      "--no-push",
    ]);
    const { reports, code } = await client.run(socket, [
      `region ${8 * MIB}`,
      `image ${guest.image}`,
      "connect",
      "touch 0 200",
      () => server.stop("SIGKILL"),
      "patience 3",
      "touch 200 0",
    ]);
    assert.equal(code, 3);
    assert.equal(reports[1]?.wrong, 0);
    assert.equal(reports.at(-1)?.stalled, true);
  },
);

handlerTest(
  "page-server serves from a URL whose server sometimes fails",
  async (client, scratch) => {
    const guest = await writeKnownGuest(scratch, 4096);
    const bytes = readFileSync(guest.snapshot);
    let count = 0;
    await using http = await RangeServer.start(bytes, () => {
      const isBad = ++count > 20 && count % 5 === 0;
      return Promise.resolve(isBad ? "fail" : "answer");
    });
    const socket = scratch.file("pages.sock");
    await using server = await PageServerProcess.start(socket, [http.url]);
    await expectRight(client, socket, [
      `region ${16 * MIB}`,
      `image ${guest.image}`,
      "connect",
      "random 300 5 3",
      "race 300 8",
      "touch 0 0",
    ]);
    assert.equal(await server.stop(), 0);
  },
);
