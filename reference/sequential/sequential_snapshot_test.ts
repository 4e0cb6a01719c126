import { type ByteSource, memorySource } from "../sources/mod.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { RuleError } from "../../format/rules/mod.ts";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { convertSequential } from "../convert/mod.ts";
import { openFileSource } from "../local/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { randomSequential } from "../testing/random_sequential.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { openSequential } from "./sequential_snapshot.ts";

const PAGE = 4096;

test("openSequential() reads records of all kinds", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { bytes, memory } = randomSequential(randomNumbers(seed), 150);
    for (const memoryMax of [undefined, 0]) {
      using stream = await openSequential(memorySource(bytes), { memoryMax });
      for (const block of stream.blocks) {
        const expected = memory[block.idstr];
        const found = new Uint8Array(block.usedLength).fill(0xa5);
        await block.readInto(found, 0);
        assert.deepEqual(found, expected, `seed ${seed}, ${block.idstr}`);
        const random = randomNumbers(seed);
        for (let time = 0; time < 20; time++) {
          const at = random(block.usedLength);
          const part = new Uint8Array(random(block.usedLength - at)).fill(0xa5);
          await block.readInto(part, at);
          assert.deepEqual(part, expected.subarray(at, at + part.length));
        }
      }
    }
  }
});

test("convertSequential() converts records of all kinds", async () => {
  using folder = new ScratchFolder();
  for (let seed = 1; seed <= 20; seed++) {
    const { bytes, memory } = randomSequential(randomNumbers(seed), 150);
    const path = folder.file(`${seed}`);
    await convertSequential(memorySource(bytes), createFileSink(path));
    using source = openFileSource(path);
    const snapshot = await openSnapshot(source);
    for (const block of snapshot.blocks) {
      const found = new Uint8Array(block.usedLength);
      await block.readInto(found, 0);
      assert.deepEqual(found, memory[block.idstr], `seed ${seed}`);
    }
    const { sections, vmdesc } = await snapshot.deviceState();
    assert.equal(sections.length, 1);
    assert(vmdesc);
  }
  assert.deepEqual(folder.names().length, 20, "no partial file is left");
});

test("a truncated stream is refused and leaves no file", async () => {
  const { bytes } = randomSequential(randomNumbers(3), 40);
  const random = randomNumbers(4);
  for (let time = 0; time < 300; time++) {
    const cut = bytes.subarray(0, time < 20 ? time : random(bytes.length));
    const sink = memorySink();
    await assert.rejects(
      convertSequential(memorySource(cut), sink),
      /Error: Cannot read "memory"/,
      `cut at ${cut.length} of ${bytes.length}`,
    );
    assert.equal(sink.bytes().length, 0);
  }
});

test("a damaged stream is read or refused without other effects", async () => {
  const { bytes } = randomSequential(randomNumbers(12), 30);
  const random = randomNumbers(13);
  let refused = 0;
  for (let time = 0; time < 1500; time++) {
    const changed = bytes.slice();
    for (let count = 1 + random(3); count > 0; count--) {
      // Heads only: pages may contain anything.
      changed[time % 3 === 0 ? random(200) : random(bytes.length)] = random(
        256,
      );
    }
    try {
      using stream = await openSequential(memorySource(changed));
      for (const block of stream.blocks) {
        await block.readInto(new Uint8Array(4 * PAGE).subarray(0, PAGE), 0);
        for await (const { first } of block.presentRuns()) {
          await block.readPage(first);
        }
      }
    } catch (error) {
      assert(error instanceof RuleError, `${time}: ${error}`);
      refused++;
    }
  }
  assert(refused > 300 && refused < 1400, `${refused} refused`);
});

test("bytes after the vmdesc are ignored", async () => {
  const guest = new SequentialGuest({ ram: 2 });
  guest.part(() => guest.page("ram", 1, new Uint8Array(PAGE).fill(1)), 3);
  const bytes = guest.finish();
  const [plain, trailed] = [memorySink(), memorySink()];
  await convertSequential(memorySource(bytes), plain);
  const longer = new Uint8Array(bytes.length + 5000).fill(0x7d);
  longer.set(bytes);
  await convertSequential(memorySource(longer), trailed);
  assert.deepEqual(trailed.bytes(), plain.bytes());
});

test("a guest cannot pass bytes of its memory off as the vmdesc", async () => {
  const text = '{"page_size": 8192, "devices": []}';
  const page = new Uint8Array(PAGE).fill(1);
  page.set(new ByteWriter().u8(0).u8(6).be32(text.length).text(text).finish());
  const guest = new SequentialGuest({ ram: 2 });
  guest.part(() => guest.page("ram", 1, page), 3);
  guest.raw(Uint8Array.of(0)); // EOF; there is no vmdesc.
  const bytes = guest.bytes();
  using stream = await openSequential(memorySource(bytes));
  assert.equal(stream.pageSize, PAGE);
  assert.equal(stream.vmdesc, undefined);
  assert.deepEqual(await stream.block("ram").readPage(1), page);
  const sink = memorySink();
  await assert.rejects(
    convertSequential(memorySource(bytes), sink),
    /without a vmdesc|no vmdesc/,
  );
  const whole = memorySink();
  await convertSequential(memorySource(bytes), whole, { withoutVmdesc: true });
  const snapshot = await openSnapshot(memorySource(whole.bytes()));
  assert.deepEqual(await snapshot.block("ram").readPage(1), page);
});

test("openSequential() lists the blocks", async () => {
  const guest = new SequentialGuest({ ram: 1, vram: 1 });
  guest.part(() => {}, 3);
  using stream = await openSequential(memorySource(guest.finish()));
  assert.throws(() => stream.block("x"), /it has "ram", "vram"$/);
  assert.equal(stream.block("ram").hasPage(0), false);
  await assert.rejects(stream.block("ram").readPage(1), RangeError);
});

test("a list that claims too much RAM is refused at once", async () => {
  const guest = new SequentialGuest({ ram: 1 });
  const bytes = guest.bytes();
  const view = new DataView(bytes.buffer);
  const total = bytes.length - 13 - 8 - 4 - 8;
  assert.equal(view.getBigUint64(total), 0x1004n);
  view.setBigUint64(total, 2n ** 52n + 4n);
  for (const reading of [openSequential, convertSequentialToMemory]) {
    await assert.rejects(
      reading(memorySource(bytes)),
      /more than 4294967296 pages of RAM.*\(ram-total\)/,
    );
  }
});

async function convertSequentialToMemory(
  source: ByteSource,
): Promise<void> {
  await convertSequential(source, memorySink());
}
