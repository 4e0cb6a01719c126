import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import {
  cachedSource,
  createFileSink,
  type HttpSource,
  memorySink,
  memorySource,
  openHttpSource,
  openSnapshot,
  saveSnapshot,
} from "../../../mod.ts";
import {
  diffSnapshots,
  openQcow2,
  packQcow2,
  type Qcow2Source,
} from "../../../reference/doors/convert.ts";
import { randomBytes } from "../qemu/known_memory.ts";
import { findNginx, type NginxServer, startNginx } from "./nginx_server.ts";

const REQUIRED = process.env.MAPPED_RAM_REQUIRE_NGINX === "1";
const SKIP = findNginx() === undefined && !REQUIRED
  ? "nginx is not installed"
  : false;
const MIB = 2 ** 20;
const PAGE = 4096;

/** Writes a base of 32 MiB, and two images on it that differ in two pages. */
async function writeImages(folder: string): Promise<void> {
  const ram = randomBytes(32 * MIB, 3).bytes;
  const base = await savedRam(ram);
  await packQcow2(base, createFileSink(join(folder, "base.qcow2")));
  for (const [index, name] of ["a.qcow2", "b.qcow2"].entries()) {
    const later = ram.slice();
    later[10 * MIB + index] ^= 1;
    later[(20 + index) * MIB] ^= 1;
    await packQcow2(await savedRam(later), createFileSink(join(folder, name)), {
      backing: { source: base, name: "base.qcow2", format: "qcow2" },
    });
  }
}

async function savedRam(ram: Uint8Array) {
  const sink = memorySink();
  await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(ram) }]);
  return memorySource(sink.bytes());
}

/** Opens an image and its base, each by a connection of its own. */
async function openImage(
  server: NginxServer,
  { way, name }: { readonly way: string; readonly name: string },
): Promise<{ readonly disk: Qcow2Source; readonly sources: HttpSource[] }> {
  const sources: HttpSource[] = [];
  const open = async (file: string) => {
    const source = await openHttpSource(server.url(way, file));
    sources.push(source);
    return cachedSource(source);
  };
  const disk = await openQcow2(await open(name), {
    openBacking: (backing) => open(backing.name),
  });
  return { disk, sources };
}

test("diffSnapshots() does not fetch what two images have in one file", {
  skip: SKIP,
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  try {
    await writeImages(folder);
    // Without an ETag, the two files could be versions of one URL.
    const ways = { untagged: "etag off;" };
    await using server = await startNginx(folder, { ways });
    for (const way of ["plain", "untagged"]) {
      const a = await openImage(server, { way, name: "a.qcow2" });
      const b = await openImage(server, { way, name: "b.qcow2" });
      const { blocks: [ram] } = await diffSnapshots(
        await openSnapshot(a.disk),
        await openSnapshot(b.disk),
      );
      assert.equal(ram.changed, 3);
      const isShared = way === "plain";
      const clusters = 32 * MIB / 0x10000 - 3;
      assert.equal(ram.sharedInImage, isShared ? clusters * 0x10000 / PAGE : 0);
      const received = [...a.sources, ...b.sources]
        .reduce((sum, it) => sum + it.bytesReceived, 0);
      assert.equal(received < 6 * MIB, isShared, `${received}`);
      for (const it of [a, b]) it.disk.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
