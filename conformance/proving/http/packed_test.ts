import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import {
  createFileSink,
  memorySource,
  openFileSource,
  openSnapshot,
  saveSnapshot,
} from "../../../mod.ts";
import { openPlace, packQcow2 } from "../../../reference/doors/convert.ts";
import { nginxTest } from "./nginx_test_case.ts";

const KIB = 1024;
/** Bytes of the RAMBlocks. */
const SIZES = [8192, 128, 256, 128, 4, 4].map((it) => it * KIB);

nginxTest(
  "a page of a packed snapshot is read in four requests from nothing",
  async (server, folder) => {
    const blocks = SIZES.map((length, index) => ({
      idstr: `block${index}`,
      bytes: new Uint8Array(length),
    }));
    const [{ bytes: ram }, ...others] = blocks;
    // Noise does not become smaller, and what is small is mostly empty.
    randomFillSync(ram, 0x100000);
    for (const { bytes } of others) bytes.fill(7, 0, 0x80);
    const path = join(folder, "vm.mr");
    await saveSnapshot(
      createFileSink(path),
      blocks.map(({ idstr, bytes }) => ({
        idstr,
        source: memorySource(bytes),
      })),
      { machine: "pc-q35-10.0" },
    );
    {
      using source = openFileSource(path);
      await packQcow2(source, createFileSink(join(folder, "vm.qcow2")));
    }
    using opened = await openPlace({ file: server.url("plain", "vm.qcow2") });
    const snapshot = await openSnapshot(opened.source);
    assert.equal(snapshot.blocks.length, SIZES.length);
    const page = await snapshot.block("block0").readPage(1000);
    assert.deepEqual(page, ram.subarray(1000 * 4096, 1001 * 4096));
    const { requests = Infinity } = opened.transfer() ?? {};
    assert.ok(requests <= 4, `${requests} requests`);
    for (const { idstr, bytes } of others) {
      assert.deepEqual(
        await snapshot.block(idstr).readPage(0),
        bytes.slice(0, 4096),
      );
    }
  },
);
