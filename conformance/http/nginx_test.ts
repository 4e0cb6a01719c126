import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import {
  cachedSource,
  exportImage,
  memorySink,
  memorySource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  SourceError,
} from "../../mod.ts";
import { listVectors } from "../vectors/list_vectors.ts";
import { findNginx, type NginxServer, startNginx } from "./nginx_server.ts";

const REQUIRED = process.env.MAPPED_RAM_REQUIRE_NGINX === "1";
const SKIP = findNginx() === undefined && !REQUIRED
  ? "nginx is not installed"
  : false;

/** A test over a folder that a real nginx serves. */
function nginxTest(
  name: string,
  body: (server: NginxServer, folder: string) => Promise<void>,
): void {
  test(name, { skip: SKIP, timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
    try {
      await using server = await startNginx(folder);
      await body(server, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

function vector(path: string): Uint8Array<ArrayBuffer> {
  const found = listVectors().find((it) => it.path === path);
  assert(found !== undefined, path);
  return found.unpack();
}

nginxTest(
  "snapshots of QEMU are read from nginx as from memory",
  async (server, folder) => {
    for (const { path, expected, unpack } of listVectors()) {
      if (!path.startsWith("qemu/") || expected.error !== undefined) continue;
      const bytes = unpack();
      writeFileSync(join(folder, "vm.mr"), bytes);
      const local = openSnapshotSync(memorySource(bytes), expected.options);
      for (const way of ["plain", "single", "slow"] as const) {
        const source = await openHttpSource(server.url(way, "vm.mr"));
        const remote = await openSnapshot(
          cachedSource(source),
          expected.options,
        );
        for (const block of local.blocks) {
          const sink = memorySink();
          await exportImage(remote.block(block.idstr), sink);
          const range = { offset: 0, length: block.usedLength };
          assert.deepEqual(sink.bytes(), block.readRangeSync(range), path);
        }
      }
    }
  },
);

nginxTest(
  "opening six RAMBlocks takes 4 requests and 128 KiB at most",
  async (server, folder) => {
    writeFileSync(join(folder, "vm.mr"), vector("valid/six-blocks"));
    const source = await openHttpSource(server.url("plain", "vm.mr"));
    const snapshot = await openSnapshot(cachedSource(source));
    assert.equal(snapshot.blocks.length, 6);
    assert(source.requests <= 4, `${source.requests} requests`);
    assert(source.bytesReceived <= 0x20000, `${source.bytesReceived} bytes`);
  },
);

nginxTest(
  "a server without several ranges a request costs requests alone",
  async (server, folder) => {
    writeFileSync(join(folder, "vm.mr"), vector("valid/six-blocks"));
    const source = await openHttpSource(server.url("single", "vm.mr"));
    const snapshot = await openSnapshot(source);
    assert.equal(snapshot.blocks.length, 6);
  },
);

nginxTest(
  "nginx without ranges, or with compression, is refused with advice",
  async (server, folder) => {
    writeFileSync(join(folder, "vm.mr"), vector("valid/minimal"));
    for (const way of ["norange", "gzip"] as const) {
      const url = server.url(way, "vm.mr");
      if (way === "norange") {
        await assert.rejects(openHttpSource(url), (error) => {
          return error instanceof SourceError &&
            error.message.endsWith(
              "the server answered 200 with the whole file, expected 206: " +
                "switch on Range requests for it (Accept-Ranges: bytes) and " +
                "compression off",
            );
        });
      } else {
        // We ask for the file as it is, and nginx then leaves it so.
        const source = await openHttpSource(url);
        assert.equal((await openSnapshot(source)).machine, "none");
      }
    }
  },
);

nginxTest(
  "a file that is replaced while it is open is an error, not a mix",
  async (server, folder) => {
    const path = join(folder, "vm.mr");
    const bytes = vector("qemu/none-4m");
    writeFileSync(path, bytes);
    const source = await openHttpSource(server.url("plain", "vm.mr"));
    const block = (await openSnapshot(source)).blocks[0];
    writeFileSync(path, bytes.fill(0xff, 0x100000, 0x200000));
    utimesSync(path, 1, 1);
    await assert.rejects(
      block.readRange({ offset: 0, length: block.usedLength }),
      /the file changed on the server: "[^"]+" of \d+ bytes, expected "[^"]+" of/,
    );
  },
);
