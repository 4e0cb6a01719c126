/**
 * Reads the libvirt save images of the vectors: header, texts, and the stream,
 * unpacked if the runtime supports that.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as zlib from "node:zlib";
import {
  FormatError,
  memorySink,
  memorySource,
  UnsupportedError,
} from "../../mod.ts";
import {
  readLibvirtHeader,
  readLibvirtTexts,
  unpackLibvirt,
  unpackLibvirtTo,
} from "../../reference/doors/convert.ts";
import { listVectors, type Vector } from "../vectors/list_vectors.ts";

const IMAGES = listVectors().filter(({ expected }) => expected.libvirt);

/** What is packed and can be unpacked: Node has zstd from version 22.15 on. */
const PACKED: ("gzip" | "zstd")[] = "createZstdDecompress" in zlib
  ? ["gzip", "zstd"]
  : ["gzip"];
const UNPACKED: readonly string[] = ["raw", ...PACKED];

test("there are vectors of libvirt save images", () => {
  assert(IMAGES.length > 8);
});

for (const vector of IMAGES) {
  test(`readLibvirtHeader() reads vectors/${vector.path} as expected`, () =>
    checkImage(vector));
}

async function checkImage({ expected, unpack }: Vector): Promise<void> {
  const source = memorySource(unpack());
  const { xml, xmlSha256, cookie, cookieSha256, streamSha256, ...fields } =
    expected.libvirt!;
  const header = await readLibvirtHeader(source);
  assert(header !== undefined);
  const { xml: _, cookie: __, ...found } = header;
  assert.deepEqual(found, fields);
  const texts = await readLibvirtTexts(source, header);
  if (xml !== undefined) assert.equal(texts.xml, xml);
  if (xmlSha256 !== undefined) assert.equal(sha256(texts.xml), xmlSha256);
  if (cookieSha256 === undefined) assert.equal(texts.cookie, cookie);
  else assert.equal(sha256(texts.cookie!), cookieSha256);
  if (streamSha256 === undefined) return;
  const sink = memorySink();
  const unpacking = unpackLibvirtTo(sink, source, { header });
  if (!UNPACKED.includes(header.format)) {
    return await assert.rejects(unpacking, (error) => {
      assert(error instanceof UnsupportedError);
      assert.match(error.message, new RegExp(`\\| ${header.format} -dc > OUT`));
      return true;
    });
  }
  const { byteLength } = await unpacking;
  assert.equal(sink.bytes().length, byteLength);
  assert.equal(sha256(sink.bytes()), streamSha256);
}

for (const format of PACKED) {
  test(`unpackLibvirtTo() refuses a damaged ${format} stream, or unpacks it correctly`, async () => {
    const { expected, unpack } = IMAGES
      .find(({ path }) => path === `libvirt/${format}`)!;
    const good = unpack();
    const header = (await readLibvirtHeader(memorySource(good)))!;
    const { streamOffset } = header;
    const length = good.length - streamOffset;
    for (let step = 0; step < 40; step++) {
      const at = streamOffset + Math.floor(length * step / 40);
      const cut = memorySource(good.slice(0, at));
      await assert.rejects(
        unpackLibvirtTo(memorySink(), cut, { header }),
        FormatError,
        `cut at ${at}`,
      );
      const flipped = good.slice();
      flipped[at] ^= 1 << step % 8;
      const sink = memorySink();
      try {
        await unpackLibvirtTo(sink, memorySource(flipped), { header });
      } catch (error) {
        assert(error instanceof FormatError, String(error));
        continue;
      }
      // The changed bit has no meaning.
      assert.equal(sha256(sink.bytes()), expected.libvirt?.streamSha256);
    }
  });
}

for (const format of PACKED) {
  test(`unpackLibvirt() unpacks no more of ${format} than requested`, async () => {
    const packed = bombs[format]();
    const header = new Uint8Array(92);
    header.set(new TextEncoder().encode("LibvirtQemudSave"));
    const view = new DataView(header.buffer);
    [2, 0, 0, format === "gzip" ? 1 : 5].forEach((field, index) =>
      view.setUint32(16 + 4 * index, field, true)
    );
    view.setUint32(20, 1, true);
    const image = Buffer.concat([header, new Uint8Array(1), packed]);
    const source = memorySource(new Uint8Array(image));
    const found = (await readLibvirtHeader(source))!;
    assert.equal(found.format, format);
    let [pieces, largest] = [0, 0];
    for await (const bytes of unpackLibvirt(source, found)) {
      largest = Math.max(largest, bytes.length);
      if (++pieces === 3) break;
    }
    assert.equal(pieces, 3);
    assert(largest <= 0x1000000, `a piece of ${largest} bytes`);
  });
}

/** Packed streams of many zeros. */
const bombs = {
  gzip: () => new Uint8Array(zlib.gzipSync(new Uint8Array(0x4000000))),
  /** A frame of 4096 blocks of 128 KiB, each of them one byte many times. */
  zstd(): Uint8Array {
    const head = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x50];
    const bytes = new Uint8Array(head.length + 4096 * 4);
    bytes.set(head);
    for (let block = 0; block < 4096; block++) {
      const last = block === 4095 ? 1 : 0;
      bytes.set([last | 2, 0, 0x10, 0], head.length + 4 * block);
    }
    return bytes;
  },
};

test("unpackLibvirtTo() stops at the given limit", async () => {
  const { unpack } = IMAGES.find(({ path }) => path === "libvirt/gzip")!;
  const source = memorySource(unpack());
  const header = (await readLibvirtHeader(source))!;
  await assert.rejects(
    unpackLibvirtTo(memorySink(), source, { header, maxBytes: 1000 }),
    RangeError,
  );
});

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
