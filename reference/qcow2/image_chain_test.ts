import assert from "node:assert/strict";
import { test } from "node:test";
import { FormatError, UnsupportedError } from "../../format/rules/mod.ts";
import { memorySource, SourceError } from "../sources/mod.ts";
import { openQcow2, openQcow2Sync } from "./open_qcow2.ts";
import {
  DISK,
  image,
  namingQcow2,
  NEEDS_QEMU,
  PAGE,
} from "./testing/test_disk.ts";

test("checkUnchanged() asks each file of a chain", NEEDS_QEMU, async () => {
  const changed = new SourceError("base", "it has changed");
  let asked = 0;
  const top = Object.assign(memorySource(image("top")), {
    checkUnchanged: () => void asked++,
  });
  const disk = await openQcow2(top, {
    openBacking: () =>
      Object.assign(memorySource(DISK), {
        checkUnchanged: () => {
          throw changed;
        },
      }),
  });
  assert.throws(() => disk.checkUnchanged?.(), changed);
  assert.equal(asked, 1);
  const plain = await openQcow2(memorySource(image("plain")));
  assert.equal(plain.checkUnchanged, undefined);
});

test(
  "close() closes what was opened for the image, and so does a failure",
  NEEDS_QEMU,
  async () => {
    let open = 0;
    const openBacking = () => {
      open++;
      return Object.assign(memorySource(DISK), {
        [Symbol.dispose]: () => void open--,
      });
    };
    {
      using disk = await openQcow2(memorySource(image("top")), { openBacking });
      assert.equal(open, 1);
      await disk.readInto(new Uint8Array(PAGE), 0);
    }
    assert.equal(open, 0);
    // The backing file is to be an image.
    const bytes = namingQcow2(image("top"));
    await assert.rejects(
      openQcow2(memorySource(bytes), { openBacking }),
      (error) => error instanceof FormatError && error.rule === "qcow2-magic",
    );
    assert.equal(open, 0);
  },
);

test("an image with a backing file needs openBacking", NEEDS_QEMU, async () => {
  const source = memorySource(image("top"), { name: "top" });
  const reason = /Cannot open "top": it needs the backing file "disk.raw"/;
  await assert.rejects(openQcow2(source), reason);
  assert.throws(() => openQcow2Sync(source), reason);
});

test("a chain that has no end is refused", NEEDS_QEMU, async () => {
  const endless = namingQcow2(image("top"));
  let opened = 0;
  const openBacking = () => {
    opened++;
    return memorySource(endless);
  };
  await assert.rejects(
    openQcow2(memorySource(endless), { openBacking }),
    /after 200 images, expected none \(qcow2-chain\)/,
  );
  assert.equal(opened, 199);
});

test("L1 tables of a chain are bounded together", NEEDS_QEMU, async () => {
  const bytes = namingQcow2(image("top"));
  const file = new Uint8Array(0x2010000);
  file.set(bytes);
  // The name, without extensions, in a cluster of 512 bytes; as many entries as
  // a table may have.
  const view = new DataView(file.buffer);
  const at = Number(view.getBigUint64(8));
  file.fill(0, 112, 0x200);
  file.copyWithin(0x100, at, at + view.getUint32(16));
  view.setBigUint64(8, 0x100n);
  view.setUint32(20, 9);
  view.setBigUint64(24, BigInt(0x400000 * 64 * 512));
  view.setUint32(36, 0x400000);
  view.setBigUint64(40, 0x10000n);
  let opened = 0;
  const openBacking = () => {
    opened++;
    return memorySource(file);
  };
  await assert.rejects(
    openQcow2(memorySource(file), { openBacking }),
    /an L1 table of 33554432 bytes, the last of 100663296 in 3 images/,
  );
  assert.equal(opened, 2);
  assert.throws(
    () => openQcow2Sync(memorySource(file), { openBacking }),
    UnsupportedError,
  );
});
