import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  cachedSource,
  exportImage,
  memorySink,
  memorySource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  SourceError,
} from "../../../mod.ts";
import { listVectors } from "../../vectors/list_vectors.ts";
import { nginxTest } from "./nginx_test_case.ts";

function vector(path: string): Uint8Array<ArrayBuffer> {
  const found = listVectors().find((it) => it.path === path);
  assert(found !== undefined, path);
  return found.unpack();
}

nginxTest(
  "QEMU's snapshots read the same from nginx as from memory",
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
  "opening six RAMBlocks takes at most 4 requests and 128 KiB",
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
  "a server with one range per request only costs more requests",
  async (server, folder) => {
    writeFileSync(join(folder, "vm.mr"), vector("valid/six-blocks"));
    const source = await openHttpSource(server.url("single", "vm.mr"));
    const snapshot = await openSnapshot(source);
    assert.equal(snapshot.blocks.length, 6);
    const local = await openSnapshot(memorySource(vector("valid/six-blocks")));
    for (const block of snapshot.blocks) {
      const [image, expected] = [memorySink(), memorySink()];
      await exportImage(block, image);
      await exportImage(local.block(block.idstr), expected);
      assert.deepEqual(image.bytes(), expected.bytes());
    }
    assert(source.requests < 30, `${source.requests} requests`);
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
                "enable Range requests for it (Accept-Ranges: bytes) and " +
                "disable compression",
            );
        });
      } else {
        // The client accepts no encoding, so nginx does not compress.
        const source = await openHttpSource(url);
        assert.equal((await openSnapshot(source)).machine, "none");
      }
    }
  },
);

nginxTest(
  "replacing an open file is an error, not a mix of both",
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

nginxTest(
  "the command line reads QEMU's snapshots from nginx",
  async (server, folder) => {
    const bytes = vector("qemu/none-4m");
    writeFileSync(join(folder, "vm.mr"), bytes);
    const url = server.url("plain", "vm.mr");
    const ram = openSnapshotSync(memorySource(bytes)).blocks[0];
    const [{ first }] = [...ram.presentRunsSync()];
    const offset = first * ram.pageSize;
    const read = await command(
      "read",
      url,
      ram.idstr,
      String(offset),
      "64",
      "--json",
    );
    const { hex, transfer } = JSON.parse(read);
    const expected = ram.readRangeSync({ offset, length: 64 });
    assert.equal(hex, [...expected].map(toHex).join(""));
    assert(transfer.bytes < bytes.length / 4 && transfer.requests <= 4);
    const info = JSON.parse(await command("info", url, "--json"));
    assert.equal(info.machine, "none");
    await command("verify", url, "--pages");
    await command("load", url, folder);
    const image = readFileSync(join(folder, `${ram.idstr}.img`));
    const range = { offset: 0, length: ram.usedLength };
    assert.deepEqual(new Uint8Array(image), ram.readRangeSync(range));
  },
);

async function command(...args: readonly string[]): Promise<string> {
  const deno = "Deno" in globalThis ? ["run", "-A"] : [];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...deno,
    fileURLToPath(new URL("../../../reference/cli/main.ts", import.meta.url)),
    ...args,
  ]);
  return stdout;
}

function toHex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
