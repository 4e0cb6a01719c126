import assert from "node:assert/strict";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { PagedMemory } from "../paging/mod.ts";
import { createSnapshot } from "../saving/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { PageServer } from "./page_server.ts";

const PAGE = 4096;

uffdTest(
  "PageServer and PagedMemory refuse an unknown RAMBlock with the same error",
  async (folder) => {
    const file = folder.file("two.mr");
    const blocks = ["a", "b"].map((idstr) => ({ idstr, usedLength: PAGE }));
    const writer = await createSnapshot(createFileSink(file), blocks, {
      machine: "none",
    });
    await writer.finish();
    const path = folder.file("pages.sock");
    const name = JSON.stringify(file);
    for (
      const [idstr, problem] of [
        [undefined, `choose a RAMBlock of ${name} without an idstr`],
        ["c", `find RAMBlock "c" in ${name}`],
      ] as const
    ) {
      const message = `Cannot ${problem}: it has "a", "b"`;
      const expected = { name: "RangeError", message };
      await assert.rejects(PagedMemory.open(file, { idstr }), expected);
      await assert.rejects(PageServer.start(file, { path, idstr }), expected);
    }
    await using _server = await PageServer.start(file, { path, idstr: "b" });
  },
);
