import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { createSnapshot } from "../saving/mod.ts";
import { createFileSink } from "../sinks/mod.ts";

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
