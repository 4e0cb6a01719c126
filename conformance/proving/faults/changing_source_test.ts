/**
 * Every function that reads all of a source checks at the end that the source
 * is still the version that was opened.
 *
 * @module
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ByteSink,
  type ByteSource,
  cachedSource,
  exportImage,
  importImages,
  type MemorySink,
  memorySink,
  memorySource,
  openSnapshot,
  saveSnapshot,
  SourceError,
  verifySnapshot,
} from "../../../mod.ts";
import {
  convertPacked,
  convertSequential,
  exportMemory,
  imageOf,
  imageOfRanges,
  openLime,
  openSequential,
  readLibvirtHeader,
  saveRepaired,
  unpackLibvirtTo,
  writeElfCore,
  writeLime,
  writeSequential,
} from "../../../reference/doors/convert.ts";
import { writeDeviceOnly } from "../../../reference/doors/qemu.ts";
import { listVectors } from "../../vectors/list_vectors.ts";

const PAGE = 4096;
const RAM = Uint8Array.from({ length: 16 * PAGE }, (_, at) => at % 251);
const RANGES = [{ address: 0, length: RAM.length, idstr: "ram", offset: 0 }];

/**
 * A source that reads correctly, and reports at the end that it has changed.
 */
class ChangedSource implements ByteSource {
  readonly name = "changed";
  readonly byteLength: number;
  readonly #source: ByteSource;

  constructor(bytes: Uint8Array) {
    this.#source = memorySource(bytes);
    this.byteLength = bytes.length;
  }

  readonly readInto: ByteSource["readInto"] = (...read) =>
    this.#source.readInto(...read);

  readonly checkUnchanged = (): void => {
    throw new SourceError(this.name, "It has changed", { changed: true });
  };
}

async function bytesOf(
  write: (sink: ByteSink) => Promise<unknown>,
): Promise<Uint8Array> {
  const sink = memorySink();
  await write(sink);
  return sink.bytes();
}

const SAVED = await bytesOf((sink) =>
  saveSnapshot(sink, [{ idstr: "ram", source: memorySource(RAM) }])
);
const SNAPSHOT = await openSnapshot(memorySource(SAVED));
const SEQUENTIAL = await bytesOf((sink) => writeSequential(SNAPSHOT, sink));
const LIME = await bytesOf((sink) =>
  writeLime(imageOf(SNAPSHOT), sink, { ranges: RANGES })
);
const LIBVIRT = listVectors().find(({ expected }) =>
  expected.libvirt?.format === "raw" &&
  expected.libvirt.streamSha256 !== undefined
)!.unpack();
const UNFINISHED = unfinished();

/**
 * Makes a snapshot whose save was interrupted before its bitmap was written.
 */
function unfinished(): Uint8Array {
  const bytes = SAVED.slice();
  const { index, blocks: [{ bitmapOffset, pageCount }] } = SNAPSHOT;
  bytes[index.ramEnd - 18] = 2; // The END is a PART.
  return bytes.fill(0, bitmapOffset, bitmapOffset + pageCount / 8);
}

async function changedBlock() {
  return (await openSnapshot(new ChangedSource(SAVED))).block("ram");
}

async function limeImage() {
  return imageOfRanges(await openLime(new ChangedSource(LIME)));
}

const JOBS: Readonly<Record<string, (sink: MemorySink) => Promise<unknown>>> = {
  "saveSnapshot() of an image": (sink) =>
    saveSnapshot(sink, [{ idstr: "ram", source: new ChangedSource(RAM) }]),
  "saveSnapshot() through a cache": (sink) =>
    saveSnapshot(sink, [
      { idstr: "ram", source: cachedSource(new ChangedSource(RAM)) },
    ]),
  "saveSnapshot() of a RAMBlock": async (sink) =>
    await saveSnapshot(sink, [{ idstr: "ram", source: await changedBlock() }]),
  "saveSnapshot() with device state of another": async (sink) =>
    await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(RAM) }], {
      deviceStateFrom: await openSnapshot(new ChangedSource(SAVED)),
    }),
  "importImages()": (sink) =>
    importImages(sink, { ram: new ChangedSource(RAM) }),
  "exportImage()": async (sink) =>
    await exportImage(await changedBlock(), sink),
  "exportMemory() of a sequential stream": async (sink) => {
    const { blocks } = await openSequential(new ChangedSource(SEQUENTIAL));
    await exportMemory(blocks[0], sink);
  },
  "saveRepaired()": (sink) => saveRepaired(sink, new ChangedSource(UNFINISHED)),
  "convertSequential()": (sink) =>
    convertSequential(new ChangedSource(SEQUENTIAL), sink),
  "writeSequential()": async (sink) =>
    await writeSequential(await openSnapshot(new ChangedSource(SAVED)), sink),
  "writeLime()": async (sink) => {
    const image = imageOf(await openSnapshot(new ChangedSource(SAVED)));
    await writeLime(image, sink, { ranges: RANGES });
  },
  "writeLime() of ranges": async (sink) => {
    const { image, ranges } = await limeImage();
    await writeLime(image, sink, { ranges });
  },
  "writeElfCore()": async (sink) => {
    const { image, ranges } = await limeImage();
    await writeElfCore(image, sink, { ranges, architecture: "x86_64" });
  },
  "writeDeviceOnly()": async (sink) => {
    const snapshot = await openSnapshot(new ChangedSource(SAVED));
    await writeDeviceOnly(snapshot, sink, { mapped: [] });
  },
  "unpackLibvirtTo()": async (sink) => {
    const source = new ChangedSource(LIBVIRT);
    const header = (await readLibvirtHeader(source))!;
    await unpackLibvirtTo(sink, source, { header });
  },
  "convertPacked()": async (sink) => {
    const source = new ChangedSource(LIBVIRT);
    const header = (await readLibvirtHeader(source))!;
    await convertPacked(source, sink, { header });
  },
  "verifySnapshot()": () =>
    verifySnapshot(new ChangedSource(SAVED), { pages: true }),
};

for (const [name, work] of Object.entries(JOBS)) {
  test(`${name} fails if its source has changed meanwhile`, async () => {
    let committed = false;
    const sink = memorySink();
    const watched = Object.assign(sink, {
      commit: () => {
        committed = true;
        return Promise.resolve();
      },
    });
    await assert.rejects(work(watched), { name: "SourceError", changed: true });
    assert.equal(committed, false);
  });
}
