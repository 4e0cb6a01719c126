/**
 * What the vectors say of libvirt save images: header, texts, and the stream,
 * unpacked where this runtime can.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  FormatError,
  memorySink,
  memorySource,
  readLibvirtHeader,
  readLibvirtTexts,
  unpackLibvirtTo,
  UnsupportedError,
} from "../mod.ts";
import { listVectors, type Vector } from "./vectors/list_vectors.ts";

const IMAGES = listVectors().filter(({ expected }) => expected.libvirt);

test("there are vectors of libvirt save images", () => {
  assert(IMAGES.length > 8);
});

for (const vector of IMAGES) {
  test(`readLibvirtHeader() finds in vectors/${vector.path} what it says`, () =>
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
  if (!["raw", "gzip", "zstd"].includes(header.format)) {
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

for (const format of ["gzip", "zstd"]) {
  test(`unpackLibvirtTo() refuses a damaged ${format} stream, or gives it whole`, async () => {
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
      // A bit without meaning was changed.
      assert.equal(sha256(sink.bytes()), expected.libvirt?.streamSha256);
    }
  });
}

test("unpackLibvirtTo() stops at the bound that it is given", async () => {
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
