import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { platform } from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PATIENT } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { LiveGuestProcess } from "./live_guest_process.ts";

const OPTIONS = { ...PATIENT, skip: platform !== "linux" };
const PAGE = 4096;
const LENGTH = 256 * PAGE;
const GUEST = { byteLength: LENGTH, rate: 0x100000 };

/** A byte that the guest never fills a page with. */
const BEFORE = new Uint8Array(LENGTH).fill(7).map((it, at) => it + at % 2);

test(
  "LiveGuestProcess reports every page that it writes to",
  OPTIONS,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", BEFORE);
    using guest = await LiveGuestProcess.start(image, GUEST);
    while (guest.writes < 100) await sleep(5);
    await guest.stop();
    const reported = guest.dirty.take();
    const now = readFileSync(image);
    for (let page = 0; page < LENGTH / PAGE; page++) {
      const [first, second] = now.subarray(page * PAGE);
      assert.equal(first === second, reported.isSet(page), `page ${page}`);
    }
    const { writes } = guest;
    assert(writes >= reported.count() && reported.count() > 0);
    await sleep(20);
    assert.deepEqual(readFileSync(image), now);
  },
);

test("stop() refuses a guest that ended by itself", OPTIONS, async () => {
  using scratch = new ScratchDirectory();
  const image = scratch.write("image", BEFORE);
  const guest = await LiveGuestProcess.start(image, GUEST);
  guest[Symbol.dispose](); // Kills it.
  await assert.rejects(guest.stop(), {
    name: "SourceError",
    message: "Cannot run the guest: it ended with SIGKILL",
  });
});

test("start() reports why the guest did not start", OPTIONS, async () => {
  using scratch = new ScratchDirectory();
  await assert.rejects(
    LiveGuestProcess.start(scratch.file("missing"), GUEST),
    { name: "SourceError", message: /^Cannot run the guest: .*missing/ },
  );
});
