import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { createSnapshot } from "../saving/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { PagedMemory } from "./paged_memory.ts";
import { openPagerSource } from "./pager_source.ts";
import { PAGE, valueOf, writeSnapshot } from "./testing/numbered_pages.ts";

const PROGRAM = new URL("./testing/failed_opens.ts", import.meta.url);
const RUN = process.versions.deno === undefined
  ? []
  : ["run", "--allow-all", "--no-check"];

for (const name of ["create", "register", "eventfd"]) {
  uffdTest(
    `PagedMemory.open() leaves nothing if ${name} fails`,
    async (folder) => {
      const path = folder.file("vm.mr");
      const blocks = [{ idstr: "ram", usedLength: 2 ** 30 }];
      const sink = createFileSink(path);
      await (await createSnapshot(sink, blocks, { machine: "none" })).finish();
      const args = [...RUN, fileURLToPath(PROGRAM), name, path];
      const output = execFileSync(process.execPath, args, { encoding: "utf8" });
      for (const [index, more] of JSON.parse(output).entries()) {
        const what = ["GiB", "descriptors", "threads"][index];
        // The runtime may need some; each attempt would leave one.
        assert(more < 8, `${more} ${what} are left`);
      }
    },
  );
}

uffdTest(
  "PagedMemory refuses memory that the file does not hold",
  async (folder) => {
    const vector = "../../conformance/vectors/valid/ignore-shared/snapshot.gz";
    const path = folder.file("vm.mr");
    const packed = readFileSync(new URL(vector, import.meta.url));
    writeFileSync(path, gunzipSync(packed));
    await assert.rejects(
      PagedMemory.open(path, { idstr: "shared" }),
      /a RAMBlock without pages, expected the memory that it was shared from/,
    );
    using source = await openPagerSource({
      place: { file: path },
      flat: false,
      open: {},
    });
    assert.throws(
      () => source.memory("shared"),
      /"shared" was saved without its memory/,
    );
    assert.equal(source.memory("own").idstr, "own");
  },
);

uffdTest("PagedMemory.open() names what it cannot open", async (folder) => {
  await assert.rejects(
    PagedMemory.open(folder.file("none")),
    /Cannot open ".*none": no such file/i,
  );
  const path = folder.file("two.mr");
  await writeSnapshot(path, ["a", "b"]);
  await assert.rejects(
    PagedMemory.open(path),
    /without an idstr: it has "a", "b"$/,
  );
  await using memory = await PagedMemory.open(path, { idstr: "b" });
  assert.equal(memory.bytes()[PAGE], valueOf(1));
});
