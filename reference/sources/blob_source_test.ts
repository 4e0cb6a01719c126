import assert from "node:assert/strict";
import { test } from "node:test";
import { blobSource } from "./blob_source.ts";
import { SourceError } from "./source_error.ts";

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

/** Returns a Blob whose slices return what `slice` returns. */
function strangeBlob(slice: () => Promise<ArrayBuffer>): Blob {
  const blob = { size: 100, slice: () => ({ arrayBuffer: slice }) };
  return blob as unknown as Blob;
}

test("blobSource() reads ranges of a Blob", async () => {
  const source = blobSource(
    new Blob([BYTES.subarray(0, 300), BYTES.subarray(300)]),
  );
  assert.equal(source.byteLength, 1000);
  for (const [offset, length] of [[0, 1000], [299, 2], [999, 1], [1000, 0]]) {
    const target = new Uint8Array(length);
    await source.readInto(target, offset);
    assert.deepEqual(target, BYTES.slice(offset, offset + length));
  }
});

test("blobSource() has the given name, that of the file, or a default", () => {
  const file = new File([BYTES], "a.mr");
  assert.equal(blobSource(file).name, "a.mr");
  assert.equal(blobSource(file, { name: "b" }).name, "b");
  assert.equal(blobSource(new Blob([])).name, "blob");
});

test("readInto() refuses a range that is not completely inside", async () => {
  const source = blobSource(new Blob([BYTES]));
  for (const [offset, length] of [[1000, 1], [999, 2], [0, 1001]]) {
    await assert.rejects(source.readInto(new Uint8Array(length), offset), {
      name: "SourceError",
      range: { offset, length },
    });
  }
  await assert.rejects(source.readInto(new Uint8Array(1), -1), RangeError);
});

test("readInto() fails with the cause when the Blob fails", async () => {
  const cause = new Error("the file changed");
  const source = blobSource(strangeBlob(() => Promise.reject(cause)));
  const target = new Uint8Array(10);
  await assert.rejects(source.readInto(target, 5), (error: unknown) => {
    assert(error instanceof SourceError);
    assert.equal(error.cause, cause);
    assert.deepEqual(error.range, { offset: 5, length: 10 });
    assert.equal(
      error.message,
      'Cannot read "blob": Error: the file changed: if it is a file that has ' +
        "changed, choose it again",
    );
    return true;
  });
});

test("readInto() refuses more or fewer bytes than it asked for", async () => {
  for (const length of [0, 9, 11]) {
    const source = blobSource(
      strangeBlob(() => Promise.resolve(new ArrayBuffer(length))),
    );
    const target = new Uint8Array(10).fill(7);
    await assert.rejects(
      source.readInto(target, 0),
      new RegExp(`gave ${length} bytes, expected 10$`),
    );
    assert(target.every((byte) => byte === 7));
  }
});

test("readInto() rejects with the signal's reason, and fills nothing", async () => {
  const reason = new Error("enough");
  const source = blobSource(new Blob([BYTES]));
  const target = new Uint8Array(10).fill(0xee);
  const before = AbortSignal.abort(reason);
  await assert.rejects(source.readInto(target, 0, { signal: before }), reason);
  const controller = new AbortController();
  const { signal } = controller;
  const reading = source.readInto(target, 0, { signal });
  controller.abort(reason);
  await assert.rejects(reading, reason);
  assert(target.every((byte) => byte === 0xee));
});
