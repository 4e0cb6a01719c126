import { test } from "node:test";
import {
  createSnapshot,
  memorySink,
  rewriteSnapshot,
  saveSnapshot,
} from "../../../mod.ts";
import { memoryStore } from "../memory_store.ts";
import { checkFile } from "./testing/check_file.ts";
import {
  applyWrite,
  arbitraries,
  inputsOf,
  memoryOf,
  PROPERTY_OPTIONS,
} from "./testing/machine_model.ts";

test(
  "createSnapshot() keeps the last state after any order of writes",
  PROPERTY_OPTIONS,
  async () => {
    const { fc, machine, writes } = await arbitraries();
    await fc.assert(
      fc.asyncProperty(machine, writes, async (model, sequence) => {
        const { pageSize } = model;
        const memory = memoryOf(model);
        const sink = memorySink();
        const writer = await createSnapshot(sink, inputsOf(memory), {
          pageSize,
        });
        for (const bytes of memory.values()) bytes.fill(0);
        for (const write of sequence) {
          const { idstr, index, bytes } = applyWrite(memory, write, pageSize);
          await writer.block(idstr).writePage(index, bytes);
        }
        await writer.finish();
        await checkFile(sink.bytes(), memory);
      }),
      { numRuns: 100 },
    );
  },
);

test(
  "rewriteSnapshot() keeps the last state after any order of writes",
  PROPERTY_OPTIONS,
  async () => {
    const { fc, machine, writes } = await arbitraries();
    const times = fc.array(writes, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(machine, times, async (model, sequences) => {
        const { pageSize } = model;
        const memory = memoryOf(model);
        const sink = memorySink();
        await saveSnapshot(sink, inputsOf(memory), { pageSize });
        const file = sink.bytes();
        for (const sequence of sequences) {
          const rewriter = await rewriteSnapshot(memoryStore(file));
          for (const write of sequence) {
            const { idstr, index, bytes } = applyWrite(memory, write, pageSize);
            await rewriter.block(idstr).writePage(index, bytes);
          }
          await rewriter.finish();
          await checkFile(file, memory);
        }
      }),
      { numRuns: 80 },
    );
  },
);
