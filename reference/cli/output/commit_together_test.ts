import assert from "node:assert/strict";
import { test } from "node:test";
import { type ByteSink, createFileSink } from "../../sinks/mod.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { commitTogether, type PendingFile } from "./commit_together.ts";

async function pending(
  scratch: ScratchDirectory,
  name: string,
  change: (sink: ByteSink) => Partial<ByteSink> = () => ({}),
): Promise<PendingFile> {
  const path = scratch.file(name);
  const sink = createFileSink(path, { force: true });
  await sink.write(new TextEncoder().encode(`new ${name}`), 0);
  return {
    path,
    sink: {
      name: sink.name,
      write: (bytes, offset) => sink.write(bytes, offset),
      setLength: (byteLength) => sink.setLength(byteLength),
      flush: () => sink.flush(),
      commit: () => sink.commit(),
      abort: () => sink.abort(),
      ...change(sink),
    },
  };
}

function texts(scratch: ScratchDirectory): Record<string, string> {
  return Object.fromEntries(
    scratch.list().map((
      name,
    ) => [name, new TextDecoder().decode(scratch.read(name))]),
  );
}

test("commitTogether() commits all files and leaves nothing beside them", async () => {
  using scratch = new ScratchDirectory();
  scratch.write("a", "old a");
  await commitTogether([
    await pending(scratch, "a"),
    await pending(scratch, "b"),
  ]);
  assert.deepEqual(texts(scratch), { a: "new a", b: "new b" });
});

test("commitTogether() takes back what it did when one file fails", async () => {
  const failures: Record<string, (sink: ByteSink) => Partial<ByteSink>> = {
    before: () => ({ commit: () => Promise.reject(new Error("disk on fire")) }),
    after: (sink) => ({
      commit: async () => {
        await sink.commit();
        throw new Error("disk on fire");
      },
    }),
  };
  for (const [when, failure] of Object.entries(failures)) {
    using scratch = new ScratchDirectory();
    scratch.write("a", "old a");
    scratch.write("c", "old c");
    scratch.write("d", "old d");
    const files = [
      await pending(scratch, "a"),
      await pending(scratch, "b"),
      await pending(scratch, "c", failure),
      await pending(scratch, "d"),
    ];
    await assert.rejects(commitTogether(files), /disk on fire/);
    for (const { sink } of files) await sink.abort();
    const expected = { a: "old a", c: "old c", d: "old d" };
    assert.deepEqual(texts(scratch), expected, when);
  }
});
