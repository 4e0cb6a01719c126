import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { constants } from "node:zlib";
import { NO_ZSTD, zstdFrame } from "../testing/zstd.ts";
import { zstdFrameLength } from "./zstd_frame.ts";

const DATA = Buffer.alloc(100_000, "some data of a cluster. ");
const NOISE = Buffer.from(DATA.map((_, at) => Math.imul(at, at) >>> 5));

test("zstdFrameLength() finds the end of a frame, whatever follows", {
  skip: NO_ZSTD,
}, () => {
  const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag, ZSTD_c_windowLog } =
    constants;
  for (const data of [DATA, NOISE, DATA.subarray(0, 1), DATA.subarray(0, 0)]) {
    for (
      const options of [
        {},
        { [ZSTD_c_checksumFlag]: 1 },
        { [ZSTD_c_contentSizeFlag]: 0 },
        { [ZSTD_c_windowLog]: 12, [ZSTD_c_checksumFlag]: 1 },
      ]
    ) {
      const frame = zstdFrame(data, options);
      for (const rest of [Buffer.alloc(0), Buffer.alloc(511), frame]) {
        const bytes = Buffer.concat([frame, rest]);
        assert.equal(zstdFrameLength(bytes), frame.length);
      }
    }
  }
});

test("zstdFrameLength() finds no frame that is cut off, or something else", {
  skip: NO_ZSTD,
}, () => {
  const frame = zstdFrame(NOISE, {});
  for (let length = 0; length < frame.length; length++) {
    assert.equal(zstdFrameLength(frame.subarray(0, length)), undefined);
  }
  assert.equal(zstdFrameLength(NOISE), undefined);
  assert.equal(zstdFrameLength(new Uint8Array(512)), undefined);
});

test("zstdFrameLength() refuses a window of more than 8 MiB", () => {
  // A window of 2^(10 + exponent) × (1 + mantissa ÷ 8) bytes, an RLE block.
  const frame = (exponent: number, mantissa: number) =>
    Uint8Array.of(
      ...[0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3 | mantissa],
      ...[0x03, 0, 8, 65],
    );
  assert.equal(zstdFrameLength(frame(13, 0)), 10);
  for (const [exponent, mantissa] of [[13, 1], [14, 0], [17, 0], [31, 7]]) {
    assert.equal(zstdFrameLength(frame(exponent, mantissa)), undefined);
  }
});
