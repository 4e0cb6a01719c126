import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { UnsupportedError } from "../../format/rules/mod.ts";
import { packed } from "../packing/testing/packed_bytes.ts";
import {
  type ByteSource,
  IntegrityError,
  memorySource,
} from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { sealBytes } from "../testing/sealed_bytes.ts";
import { isLocalPlace, openLocalPlace, openPlace, type Place } from "./mod.ts";

/** Bytes of a file that does not end with a sector: noise, zeros, and noise. */
function fileBytes(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(0x48123);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Math.imul(at, 0x9e3779b1) >>> 13;
  }
  bytes.fill(0, 0x10000, 0x30000);
  return bytes;
}

/** Writes a file and, at its name with ".verity", its sidecar. */
function write(folder: ScratchFolder, name: string, bytes: Uint8Array) {
  const { sidecar, digest } = sealBytes(bytes);
  const file = folder.file(name);
  writeFileSync(file, bytes);
  writeFileSync(`${file}.verity`, sidecar);
  return { file, verity: { digest, tree: `${file}.verity` } };
}

async function bytesOf(source: ByteSource): Promise<Uint8Array> {
  const bytes = new Uint8Array(source.byteLength);
  await source.readInto(bytes, 0);
  return bytes;
}

/** Opens a place in both ways, and returns its bytes. */
async function readAll(place: Place): Promise<Uint8Array> {
  using opened = await openPlace(place);
  using local = await openLocalPlace(place);
  const bytes = await bytesOf(opened.source);
  assert.deepEqual(await bytesOf(local.source), bytes);
  const sync = new Uint8Array(local.source.byteLength);
  local.source.readIntoSync(sync, 0);
  assert.deepEqual(sync, bytes);
  return bytes;
}

/** Asserts that a place is refused, opened or read in either way. */
async function assertRefused(
  place: Place,
  expected: (error: unknown) => true,
): Promise<void> {
  await assert.rejects(async () => {
    using opened = await openPlace(place);
    await bytesOf(opened.source);
  }, expected);
  await assert.rejects(async () => {
    using opened = await openLocalPlace(place);
    opened.source.readIntoSync(new Uint8Array(opened.source.byteLength), 0);
  }, expected);
}

function isUntrusted(error: unknown): true {
  assert.ok(error instanceof IntegrityError, String(error));
  return true;
}

test("openPlace() gives the bytes of a file, or of the disk in it", async () => {
  using folder = new ScratchFolder();
  const bytes = fileBytes();
  const plain = write(folder, "vm.mr", bytes);
  const image = write(folder, "vm.qcow2", await packed(bytes));
  assert.deepEqual(await readAll({ file: plain.file }), bytes);
  const disk = await readAll({ file: image.file });
  assert.deepEqual(disk.subarray(0, bytes.length), bytes);
  assert.equal(disk.length, 0x48200);
  using opened = await openPlace({ file: image.file });
  assert.equal(opened.disk, opened.source);
  assert.deepEqual(opened.paths, [image.file]);
  assert.equal(opened.transfer(), undefined);
  // A guest can write the header of an image to its memory.
  const asIs = await readAll({ file: image.file, asIs: true });
  assert.deepEqual(asIs, await packed(bytes));
  assert.deepEqual(
    await readAll(write(folder, "empty", new Uint8Array(0))),
    new Uint8Array(0),
  );
});

test("a digest is that of the image, or of the file packed in it", async () => {
  using folder = new ScratchFolder();
  const bytes = fileBytes();
  const { verity } = write(folder, "vm.mr", bytes);
  const image = write(folder, "vm.qcow2", await packed(bytes));
  assert.deepEqual((await readAll(image)).subarray(0, bytes.length), bytes);
  assert.deepEqual(await readAll({ file: image.file, verity }), bytes);
  using opened = await openPlace({ file: image.file, verity });
  assert.equal(opened.source.digest, verity.digest);
  assert.equal(opened.verified, opened.source);
  using outer = await openPlace(image);
  // What is checked is not what is read.
  assert.equal(outer.source.digest, undefined);
  assert.equal(outer.verified?.digest, image.verity.digest);
  const other = write(folder, "other", new Uint8Array(0x48200));
  await assertRefused({ file: image.file, verity: other.verity }, isUntrusted);
  const longer = write(folder, "longer", new Uint8Array(0x50000));
  await assertRefused({ file: image.file, verity: longer.verity }, isUntrusted);
});

test("no byte of a changed image is handed over", async () => {
  using folder = new ScratchFolder();
  const bytes = fileBytes();
  const good = await packed(bytes);
  const { verity } = write(folder, "vm.mr", bytes);
  const image = write(folder, "vm.qcow2", good);
  const refused = { image: 0, file: 0 };
  // From the first byte on, which tells an image from other files.
  for (let at = 0; at < good.length; at += 997) {
    writeFileSync(image.file, good.with(at, good[at] ^ 0x10));
    await attempt("image", image, IntegrityError);
    // By the digest of the file, errors of the image come first.
    await attempt("file", { file: image.file, verity }, Error);
  }
  assert.ok(refused.image > 10 && refused.file > 10, JSON.stringify(refused));

  async function attempt(
    kind: keyof typeof refused,
    place: Place,
    expected: typeof IntegrityError | ErrorConstructor,
  ): Promise<void> {
    const read = await readAll(place).catch((error: unknown) => {
      assert.ok(error instanceof expected, String(error));
      refused[kind]++;
    });
    // Not everything in an image is read.
    if (read === undefined) return;
    assert.deepEqual(read.subarray(0, bytes.length), bytes);
  }
});

test("a digest of an image does not cover its backing files", async () => {
  using folder = new ScratchFolder();
  const bytes = fileBytes();
  const { verity } = write(folder, "vm.mr", bytes);
  write(folder, "base.qcow2", await packed(bytes));
  const changed = bytes.slice();
  changed.fill(3, 0x100, 0x180);
  const later = write(folder, "later.mr", changed);
  const image = write(
    folder,
    "later.qcow2",
    await packed(changed, {
      backing: { source: memorySource(bytes), name: "vm.mr", format: "raw" },
    }),
  );
  await assertRefused(image, (error) => {
    assert.match(
      String(error),
      /proves nothing about its backing file "vm\.mr"/,
    );
    return true;
  });
  const place = { file: image.file, verity: later.verity };
  assert.deepEqual(await readAll(place), changed);
  using opened = await openPlace(place);
  assert.deepEqual(
    [...opened.paths].sort(),
    [
      image.file,
      later.verity.tree,
      folder.file("vm.mr"),
    ].sort(),
  );
  await assertRefused({ file: image.file, verity }, isUntrusted);
  // A byte of the backing file is checked, too.
  writeFileSync(folder.file("vm.mr"), bytes.with(0x40000, 0));
  await assertRefused(place, isUntrusted);
});

test("backing files are in the folder of the image, or allowed", async () => {
  using folder = new ScratchFolder();
  const bytes = fileBytes();
  for (const name of ["bases", "images"]) mkdirSync(folder.file(name));
  writeFileSync(folder.file("bases/vm.mr"), bytes);
  const { file } = write(
    folder,
    "images/later.qcow2",
    await packed(bytes.with(5, 9), {
      backing: {
        source: memorySource(bytes),
        name: "../bases/vm.mr",
        format: "raw",
      },
    }),
  );
  await assertRefused({ file }, (error) => {
    assert.ok(error instanceof UnsupportedError, String(error));
    assert.equal(error.rule, "qcow2-backing-place");
    return true;
  });
  const allowBacking = [folder.file("bases")];
  const disk = await readAll({ file, allowBacking });
  assert.deepEqual(disk.subarray(0, bytes.length), bytes.with(5, 9));
});

test("isLocalPlace() knows all files of an input", () => {
  const url = "https://example.com/vm.mr";
  assert.ok(isLocalPlace({ file: "vm.mr" }));
  assert.ok(isLocalPlace({ file: "file:///vm.mr", allowBacking: ["/x"] }));
  assert.ok(!isLocalPlace({ file: url }));
  assert.ok(!isLocalPlace({ file: "vm.mr", allowBacking: [url] }));
  const verity = { digest: "", tree: url };
  assert.ok(!isLocalPlace({ file: "vm.mr", verity }));
});
