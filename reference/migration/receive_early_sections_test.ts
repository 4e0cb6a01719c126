import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { convertSequential } from "../convert/mod.ts";
import { ConnectedPair } from "../qemu/testing/connected_pair.ts";
import { openSnapshot } from "../reading/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { receiveMigration } from "./receive_migration.ts";

const PAGE = 4096;
const PATIENT = { timeout: 300_000 };

/**
 * A stream with a FULL section of that body between START and the first PART.
 */
function withEarlySection(
  body: Uint8Array,
  described = body.length,
): Uint8Array {
  const full = (id: number, name: string, state: Uint8Array) =>
    new ByteWriter().u8(4).be32(id).countedString(name).be32(0).be32(1)
      .bytes(state).u8(0x7e).be32(id).finish();
  const ram = (type: number) =>
    new ByteWriter().u8(type).be32(3).be64(16).u8(0x7e).be32(3).finish();
  const guest = new SequentialGuest({ ram: 4 });
  const head = guest.bytes();
  guest.part(() => guest.page("ram", 2, new Uint8Array(PAGE).fill(7)));
  const device = (name: string, size: number) => ({
    name,
    instance_id: 0,
    size,
    fields: [{ name: "data", size }],
  });
  const json = JSON.stringify({
    page_size: PAGE,
    devices: [device("virtio-mem-device-early", described), device("timer", 3)],
  });
  return new ByteWriter().bytes(head)
    .bytes(full(7, "virtio-mem-device-early", body))
    .bytes(guest.bytes().subarray(head.length)).bytes(ram(3))
    .bytes(full(8, "timer", Uint8Array.of(1, 2, 3)))
    .u8(0).u8(6).be32(json.length).text(json).finish();
}

test(
  "receiveMigration() keeps a FULL section that comes before the pages",
  PATIENT,
  async () => {
    const footer = new ByteWriter().u8(0x7e).be32(7).finish();
    const bodies = [
      Uint8Array.of(),
      Uint8Array.of(0x7e, 0, 0, 0, 0x7e),
      // The footer's bytes, but no item after them.
      Uint8Array.of(...footer, 0x55, ...footer, 0x7e),
      new Uint8Array(700_000).fill(0x7e),
    ];
    for (const body of bodies) {
      const bytes = withEarlySection(body);
      const converted = memorySink();
      await convertSequential(memorySource(bytes), converted);
      using pair = await ConnectedPair.open();
      const sink = memorySink();
      const receiving = receiveMigration(pair.channel, sink);
      pair.other.end(bytes);
      await receiving;
      assert.equal(Buffer.compare(sink.bytes(), converted.bytes()), 0);
      const snapshot = await openSnapshot(memorySource(sink.bytes()));
      assert.deepEqual(
        snapshot.index.earlySections.map((it) =>
          "section" in it && it.section.idstr
        ),
        ["virtio-mem-device-early"],
      );
      assert.equal((await snapshot.block("ram").readPage(2))[0], 7);
    }
  },
);

test(
  "receiveMigration() refuses a FULL section that is not as long as the vmdesc says",
  PATIENT,
  async () => {
    // What looks like its footer, an empty PART, and another section.
    const within = new ByteWriter().text("state").u8(0x7e).be32(7)
      .u8(2).be32(3).be64(16).u8(0x7e).be32(3)
      .u8(4).be32(7).countedString("other").be32(0).be32(1).text("rest")
      .finish();
    const streams = [
      withEarlySection(within),
      withEarlySection(Uint8Array.of(1, 2, 3), 4),
      withEarlySection(Uint8Array.of(1, 2, 3), 2),
    ];
    for (const bytes of streams) {
      using pair = await ConnectedPair.open();
      using folder = new ScratchFolder();
      const sink = createFileSink(folder.file("vm.mr"));
      const receiving = receiveMigration(pair.channel, sink);
      pair.other.end(bytes);
      await assert.rejects(receiving, /^(FormatError|UnsupportedError): /);
      assert.deepEqual(folder.names(), []);
    }
  },
);
