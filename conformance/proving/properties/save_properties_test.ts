import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import {
  memorySink,
  memorySource,
  openSnapshotSync,
  saveSnapshot,
} from "../../../mod.ts";
import { checkFile } from "./testing/check_file.ts";
import {
  arbitraries,
  inputsOf,
  memoryOf,
  PROPERTY_OPTIONS,
} from "./testing/machine_model.ts";

test(
  "saveSnapshot() saves any memory so that it reads back",
  PROPERTY_OPTIONS,
  async () => {
    const { fc, machine } = await arbitraries();
    await fc.assert(
      fc.asyncProperty(machine, async (model) => {
        const memory = memoryOf(model);
        const sink = memorySink();
        const { pageSize } = model;
        await saveSnapshot(sink, inputsOf(memory), { pageSize });
        await checkFile(sink.bytes(), memory);
      }),
      { numRuns: 150 },
    );
  },
);

test("readInto() reads any range of any memory", PROPERTY_OPTIONS, async () => {
  const { fc, machine } = await arbitraries();
  const range = fc.tuple(fc.nat(), fc.nat());
  await fc.assert(
    fc.asyncProperty(machine, fc.array(range), async (model, ranges) => {
      const memory = memoryOf(model);
      const sink = memorySink();
      const { pageSize } = model;
      await saveSnapshot(sink, inputsOf(memory), { pageSize });
      const snapshot = openSnapshotSync(memorySource(sink.bytes()));
      for (const [idstr, bytes] of memory) {
        const block = snapshot.block(idstr);
        for (const [a, b] of ranges) {
          const start = a % (bytes.length + 1);
          const length = b % (bytes.length - start + 1);
          const expected = bytes.subarray(start, start + length);
          const found = new Uint8Array(length).fill(0xa5);
          block.readIntoSync(found, start);
          assert.equal(Buffer.compare(found, expected), 0);
          await block.readInto(found.fill(0x5a), start);
          assert.equal(Buffer.compare(found, expected), 0);
        }
      }
    }),
    { numRuns: 60 },
  );
});
