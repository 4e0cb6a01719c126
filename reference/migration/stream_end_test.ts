import assert from "node:assert/strict";
import { test } from "node:test";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { StreamEnd } from "./stream_end.ts";

/** A complete stream of a guest without RAM. */
function wholeStream(): Uint8Array {
  const guest = new SequentialGuest({ ram: 1 });
  guest.part(() => guest.page("ram", 0, new Uint8Array(4096)), 3);
  return guest.finish();
}

test("StreamEnd detects the end of a stream of any length, however it is split", () => {
  const stream = wholeStream();
  for (const length of [0, 0x3000000, 0x5000000, 0x9000000]) {
    const bytes = new Uint8Array(length + stream.length);
    bytes.set(stream, length);
    const end = new StreamEnd();
    end.add(bytes.subarray(0, -1));
    assert.equal(end.hasVmdesc, false, `${length} bytes`);
    end.add(bytes.subarray(-1));
    assert.equal(end.hasVmdesc, true, `${length} bytes`);
  }
});
