import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { execPath } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const IS_DENO = "Deno" in globalThis;

test("mod.ts can be imported from a URL, in a folder without deno.json", {
  skip: IS_DENO ? false : "only Deno imports from URLs",
  timeout: 300_000,
}, async () => {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://x").pathname);
    try {
      const text = readFileSync(join(ROOT, path));
      response.writeHead(200, { "content-type": "application/typescript" });
      response.end(text);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  try {
    const host = `127.0.0.1:${port}`;
    writeFileSync(
      join(folder, "use.ts"),
      `import { createFileSink, memorySink, memorySource, openFileSource,
           openSnapshotSync, saveSnapshot } from "http://${host}/mod.ts";
       const sink = memorySink();
       const ram = memorySource(new Uint8Array(8192).fill(9, 4096));
       await saveSnapshot(sink, [{ idstr: "ram", source: ram }]);
       const block = openSnapshotSync(memorySource(sink.bytes())).block("ram");
       console.log(block.hasPageSync(0), block.readPageSync(1)[0]);
       // The threads load their module from there, too.
       using image = openFileSource("image");
       const inputs = [{ idstr: "ram", source: image }];
       const { blocks } = await saveSnapshot(createFileSink("out"), inputs, {
         jobs: 2,
       });
       console.log(blocks[0].pageCount, blocks[0].presentCount);`,
    );
    writeFileSync(join(folder, "image"), new Uint8Array(4096).fill(1));
    truncateSync(join(folder, "image"), 0x9000000);
    const { stdout } = await promisify(execFile)(
      execPath,
      [
        ...["run", "--no-lock", "--reload", `--allow-import=${host}`],
        ...["--allow-read=.", "--allow-write=.", "use.ts"],
      ],
      { cwd: folder },
    );
    assert.equal(stdout, "false 9\n36864 1\n");
  } finally {
    rmSync(folder, { recursive: true });
    server.closeAllConnections();
    server.close();
  }
});
