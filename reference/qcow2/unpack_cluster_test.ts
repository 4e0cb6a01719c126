import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { NO_ZSTD, zstdContent, zstdFrame } from "../../format/testing/zstd.ts";
import { SourceError } from "../sources/mod.ts";
import {
  nodeInflate,
  nodeZstd,
  noInflate,
  noZstd,
  unpackFrames,
  unpackFramesSync,
  webInflate,
} from "./unpack_cluster.ts";

const CLUSTER = Buffer.alloc(0x10000, "the bytes of a cluster. ");
const REST = Buffer.alloc(300, 0xab);

test("deflate ends where a cluster is complete, by each decoder", async () => {
  const packed = deflateRawSync(CLUSTER, { windowBits: 12 });
  for (const unpack of [nodeInflate(), webInflate]) {
    assert.ok(unpack !== undefined);
    const bytes = Buffer.concat([packed, REST]);
    const found = await unpack(bytes, CLUSTER.length);
    assert.equal(Buffer.compare(found, CLUSTER), 0);
  }
  assert.equal((await webInflate(packed, 1000)).length, 1001);
  assert.ok((await webInflate(packed, CLUSTER.length + 9)).length <= 0x10000);
  assert.throws(() => nodeInflate()?.(packed, 1000));
  assert.throws(() => nodeInflate()?.(packed.subarray(0, 30), 0x10000));
});

test("zstd may be several frames, each passed on without what follows", {
  skip: NO_ZSTD,
}, async () => {
  const cuts = [0, 1, 40_000, 40_001, 0x10000];
  const frames = cuts.slice(1).map((end, index) =>
    zstdFrame(CLUSTER.subarray(cuts[index], end))
  );
  const packed = Buffer.concat([...frames, REST]);
  const seen: number[] = [];
  const unpack = (frame: Uint8Array) => {
    seen.push(frame.length);
    return zstdContent(frame);
  };
  const length = CLUSTER.length;
  const found = await unpackFrames(packed, length, { unpack });
  assert.equal(Buffer.compare(found, CLUSTER), 0);
  assert.deepEqual(seen, frames.map((it) => it.length));
  const again = unpackFramesSync(packed, length, {
    unpack: nodeZstd() ?? noZstd,
  });
  assert.equal(Buffer.compare(again, CLUSTER), 0);
  // Too few, too many, and none.
  const lengthOf = (bytes: Uint8Array) =>
    unpackFramesSync(bytes, length, { unpack }).length;
  assert.equal(lengthOf(Buffer.concat(frames.slice(1))), length - 1);
  const tooMany = Buffer.concat([...frames.slice(1), frames[1]]);
  assert.ok(lengthOf(tooMany) > length);
  assert.equal(lengthOf(REST), 0);
});

test("zstd is a few frames, since each takes time", {
  skip: NO_ZSTD,
}, async () => {
  const [empty, whole] = [CLUSTER.subarray(0, 0), CLUSTER].map((it) =>
    zstdFrame(it)
  );
  const length = CLUSTER.length;
  let count = 0;
  const unpack = (frame: Uint8Array) => {
    count++;
    return zstdContent(frame);
  };
  const withEmpty = (frames: number) =>
    Buffer.concat([...Array.from({ length: frames }, () => empty), whole]);
  const found = await unpackFrames(withEmpty(63), length, { unpack });
  assert.equal(Buffer.compare(found, CLUSTER), 0);
  count = 0;
  const many = withEmpty(10_000);
  const tooMany = /more than 64 zstd frames/;
  await assert.rejects(unpackFrames(many, length, { unpack }), tooMany);
  assert.equal(count, 64);
  assert.throws(() => unpackFramesSync(many, length, { unpack }), tooMany);
});

test("a runtime without a decoder says what to do", () => {
  assert.throws(
    noZstd,
    (error) =>
      error instanceof SourceError && /give unpackZstd/.test(error.message),
  );
  assert.throws(
    noInflate,
    (error) => error instanceof SourceError && /openQcow2/.test(error.message),
  );
});
