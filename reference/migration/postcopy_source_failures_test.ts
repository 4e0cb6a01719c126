import assert from "node:assert/strict";
import { utimesSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import type { Destination } from "../qemu/testing/destination.ts";
import {
  RAM,
  serveDestination,
  snapshotOf,
  VGA,
} from "../qemu/testing/serve_destination.ts";
import { openSnapshot } from "../reading/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { savedFile } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { PostcopySource } from "./postcopy_source.ts";

const PAGE = 4096;

test("PostcopySource.serve() refuses requests for unknown ranges", async () => {
  const cases: [string, number, number][] = [
    ["rom", 0, PAGE],
    ["vga", 8 * PAGE, PAGE],
    ["vga", 7 * PAGE, 2 * PAGE],
    ["vga", 0, 0],
  ];
  for (const [idstr, offset, length] of cases) {
    const { destination, served } = await serveDestination({ push: false });
    using _destination = destination;
    destination.request(idstr, offset, length);
    await assert.rejects(served, (error) => {
      assert(error instanceof SourceError);
      const { name } = destination.pair.channel;
      assert.equal(
        error.message,
        `Cannot serve ${name}: it asks for ${length} bytes at ${offset} of ` +
          `RAMBlock "${idstr}", expected a range of the snapshot`,
      );
      return true;
    });
  }
});

test("PostcopySource.serve() rejects when the destination fails or disconnects", async () => {
  const ways: [(destination: Destination) => void, RegExp][] = [
    [(it) => it.shut(1), /QEMU could not load it/],
    [(it) => it.shut(), /QEMU closed the connection after \d+ pages/],
    [(it) => it.say(0, 99, 0, 0), /found a message of type 99 with 0 bytes/],
    [(it) => it.pair.other.destroy(), /closed the connection/],
  ];
  for (const [act, message] of ways) {
    const { destination, served } = await serveDestination({ push: false });
    using _destination = destination;
    await destination.until(({ items }) =>
      items.includes("command 2 00000004")
    );
    act(destination);
    await assert.rejects(served, message);
  }
});

test("PostcopySource.serve() rejects when the end is not confirmed", async () => {
  const { destination, served } = await serveDestination();
  using _destination = destination;
  await destination.until(({ items }) => items.includes("eof"));
  destination.pair.other.end();
  await assert.rejects(served, /QEMU closed the connection after 9 pages/);
});

test("PostcopySource refuses invalid page sizes and unknown blocks", async () => {
  const opened = await snapshotOf();
  assert.throws(
    () => new PostcopySource(opened, { hostPageSize: 5000 }),
    {
      name: "RangeError",
      message: 'Cannot resume RAMBlock "pc.ram" with host pages of 5000 ' +
        "bytes: expected a power of two up to 1 GiB",
    },
  );
  assert.throws(
    () => new PostcopySource(opened, { hugePageSizes: { ram: 2 ** 21 } }),
    /Cannot find RAMBlock "ram"/,
  );
});

test("PostcopySource.serve() sends no pages once the file has changed", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.mr");
  writeFileSync(path, await savedFile({ "pc.ram": RAM, "vga": VGA }));
  using file = openFileSource(path);
  let isRunning = false;
  const snapshot = await openSnapshot({
    ...file,
    async readInto(target, offset, options) {
      await file.readInto(target, offset, options);
      // Sooner after the last look than reads look again.
      if (isRunning) utimesSync(path, new Date(), new Date());
    },
  });
  const { destination, served } = await serveDestination(
    { push: false },
    snapshot,
  );
  using _destination = destination;
  await destination.until(({ items }) => items.includes("command 2 00000004"));
  isRunning = true;
  destination.request("pc.ram", 5 * PAGE, PAGE);
  await assert.rejects(
    Promise.race([
      served,
      destination.until(({ storedPages }) => storedPages.length > 0),
    ]),
    (error) => error instanceof SourceError && error.changed,
  );
});
