import assert from "node:assert/strict";
import { statSync, utimesSync } from "node:fs";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { openPagerSource } from "./pager_source.ts";
import { PAGE, valueOf, writeSnapshot } from "./testing/numbered_pages.ts";

uffdTest("a mapped file that has changed is not read", async (folder) => {
  const path = folder.file("vm.mr");
  await writeSnapshot(path);
  using source = await openPagerSource({
    place: { file: path },
    flat: false,
    open: {},
  });
  const [block] = source.blocks;
  assert("viewSync" in block && block.viewSync !== undefined);
  const page = block.viewSync(1000 * PAGE, PAGE);
  assert.equal(page?.bytes[page.start], valueOf(1000));
  const later = new Date(statSync(path).mtimeMs + 10);
  utimesSync(path, later, later);
  const begun = performance.now();
  assert.throws(() => {
    // The mapping checks the file every two milliseconds.
    while (performance.now() - begun < 60_000) {
      block.viewSync?.(1000 * PAGE, PAGE);
    }
  }, { name: "SourceError", changed: true });
});
