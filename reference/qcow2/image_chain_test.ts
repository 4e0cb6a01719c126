import assert from "node:assert/strict";
import { test } from "node:test";
import { FormatError } from "../../format/rules/mod.ts";
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
