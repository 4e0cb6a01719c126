import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createFileSink, openFileSource } from "../../../mod.ts";
import { packQcow2 } from "../../../reference/doors/convert.ts";
import { expectRight } from "./expect_right.ts";
import { handlerTest } from "./handler_test_case.ts";
import { writeKnownGuest } from "./known_guest.ts";
import { PageServerProcess } from "./page_server_process.ts";
import { RangeServer } from "./range_server.ts";

const PAGES = 2048;

handlerTest(
  "page-server serves VMs from a packed snapshot in a file or at a URL",
  async (client, scratch) => {
    const { snapshot, image } = await writeKnownGuest(scratch, PAGES);
    const packed = scratch.file("guest.qcow2");
    const chained = scratch.file("chained.qcow2");
    {
      using source = openFileSource(snapshot);
      await packQcow2(source, createFileSink(packed));
      // It holds nothing of its own.
      const backing = { source, name: "guest.mr", format: "raw" as const };
      await packQcow2(source, createFileSink(chained), { backing });
    }
    const bytes = readFileSync(packed);
    await using http = await RangeServer.start(
      bytes,
      () => Promise.resolve("answer"),
    );
    for (const place of [packed, chained, http.url]) {
      const socket = scratch.file("pages.sock");
      await using server = await PageServerProcess.start(socket, [place]);
      await expectRight(client, socket, [
        ...[`region ${PAGES * 4096}`, `image ${image}`, "connect"],
        ...["touch 100 1", `random ${PAGES / 4}`, "touch 0 0"],
      ]);
      assert.equal(await server.stop(), 0, server.stderr);
    }
  },
);
