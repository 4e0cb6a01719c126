import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveRound } from "../../saving/mod.ts";
import { explainDowntime } from "./explain_downtime.ts";

const MIB = 2 ** 20;

/** Returns two rounds; the last one, of the stopped guest, takes 40 ms. */
function roundsWith(dirtyBytes: number): LiveRound[] {
  const running = {
    number: 1,
    pages: 65_536,
    milliseconds: 500,
    bytesPerSecond: 512 * MIB,
    dirtyBytes,
    dirtyBytesPerSecond: 2 * dirtyBytes,
    stopped: false,
  };
  const last = {
    ...running,
    number: 2,
    pages: 2048,
    milliseconds: 40,
    bytesPerSecond: 200 * MIB,
    stopped: true,
  };
  return [running, last];
}

test("explainDowntime() compares the estimate with what happened", () => {
  const rounds = roundsWith(8 * MIB);
  assert.deepEqual(explainDowntime({ rounds, downtime: 67 }, 30), [
    "That is 37 ms longer than the limit:",
    "  the estimate was 16 ms for 8 MiB at 512 MiB/s, the bandwidth of the " +
    "round before",
    "  stopping the guest took 27 ms, its last reports of pages included",
    "  the last round took 40 ms for 8 MiB at 200 MiB/s",
  ]);
});

test("explainDowntime() reports a guest that never reached the limit", () => {
  const rounds = roundsWith(128 * MIB);
  const [, reason] = explainDowntime({ rounds, downtime: 300 }, 30);
  assert.match(
    reason,
    /after 1 round the estimate still exceeded the limit: 250 ms for 128 MiB/,
  );
});

test("explainDowntime() returns nothing within the limit", () => {
  const rounds = roundsWith(8 * MIB);
  assert.deepEqual(explainDowntime({ rounds, downtime: 30 }, 30), []);
});
