import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import type { ByteRange } from "../../../format/bytes/mod.ts";
import { NO_ZSTD } from "../../../format/testing/zstd.ts";
import { type ByteSource, memorySource } from "../../sources/mod.ts";
import { ScratchFolder } from "../../testing/scratch_folder.ts";
import { NO_QEMU_IMG } from "../../testing/qemu_img.ts";
import { diskBytes, QemuImages } from "./qemu_images.ts";

export const CLUSTER = 0x10000;
export const PAGE = 4096;
/** Length of the disk. */
export const LENGTH = 40 * CLUSTER;
export const DISK = diskBytes(LENGTH);
export const NEEDS_QEMU = { skip: NO_QEMU_IMG };

/** Images of the disk: packed, as it is, and on top of a backing file. */
function makeImages(): Record<"packed" | "plain" | "top", Uint8Array> {
  using folder = new ScratchFolder();
  const qemu = new QemuImages(folder.path);
  writeFileSync(folder.file("disk.raw"), DISK);
  const compression = NO_ZSTD ? "zlib" : "zstd";
  qemu.img(
    `convert -O qcow2 -c -o compression_type=${compression} disk.raw packed`,
  );
  qemu.img("convert -O qcow2 disk.raw plain");
  qemu.img(`create -f qcow2 -b disk.raw -F raw top ${LENGTH + CLUSTER}`);
  qemu.io("top", `write -P 3 ${5 * CLUSTER} ${CLUSTER}`);
  return {
    packed: qemu.bytes("packed"),
    plain: qemu.bytes("plain"),
    top: qemu.bytes("top"),
  };
}

const IMAGES = NO_QEMU_IMG ? undefined : makeImages();
export const image = (name: "packed" | "plain" | "top") =>
  IMAGES?.[name] ?? new Uint8Array(0);

/** Returns a page of the disk. */
export const pageAt = (offset: number) => DISK.slice(offset, offset + PAGE);

/** Returns an image that says that its raw backing file is an image. */
export function namingQcow2(bytes: Uint8Array): Uint8Array {
  const changed = Buffer.from(bytes);
  const at = changed.indexOf("raw\0", 112);
  changed.write("qcow2", at);
  changed[at - 1] = 5;
  return new Uint8Array(changed);
}

/** A source that has streams, and counts them and other reads. */
export class StreamedSource implements ByteSource {
  readonly name = "streamed";
  readonly byteLength: number;
  readonly streams: (readonly ByteRange[])[] = [];
  readonly reads: number[] = [];
  readonly #source: ByteSource;

  constructor(bytes: Uint8Array) {
    this.#source = memorySource(bytes);
    this.byteLength = bytes.length;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    this.reads.push(offset);
    await this.#source.readInto(target, offset);
  }

  /** Passes on each range twice, in odd pieces, the last one first. */
  streamRanges: ByteSource["streamRanges"] = async (ranges, take) => {
    this.streams.push(ranges);
    for (const [index, range] of [...ranges.entries()].toReversed()) {
      for (let round = 0; round < 2; round++) {
        for (let done = 0; done < range.length; done += 30_011) {
          const length = Math.min(30_011, range.length - done);
          const bytes = new Uint8Array(length);
          await this.#source.readInto(bytes, range.offset + done);
          if (round === 0) bytes.fill(0xee);
          await take(bytes, { offset: range.offset + done, index });
        }
      }
    }
  };
}
