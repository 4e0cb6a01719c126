import {
  closeSync,
  openSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { openFileSource } from "../../local/mod.ts";
import { createFileSink } from "../../sinks/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import type { ScratchFolder } from "../../testing/scratch_folder.ts";
import type { SaveOptions } from "../save_options.ts";
import { saveSnapshot } from "../save_snapshot.ts";

/** Bytes of a MiB. */
export const MIB = 0x100000;
/** Large enough for three lanes. */
export const LENGTH = 200 * MIB;

/** Writes an image with scattered nonzero pages, some in runs of 256. */
export function writeImage(path: string, byteLength = LENGTH): void {
  writeFileSync(path, "");
  truncateSync(path, byteLength);
  const fd = openSync(path, "r+");
  for (let page = 3; page * 4096 < byteLength - MIB; page += 1 + page % 977) {
    const bytes = new Uint8Array(page % 5 === 0 ? MIB : 4096).fill(page % 255);
    bytes[0] = 1;
    writeSync(fd, bytes, 0, bytes.length, page * 4096);
  }
  writeSync(fd, new Uint8Array([9]), 0, 1, byteLength - 1);
  closeSync(fd);
}

/** Saves the image, and a ROM; returns the path of the file. */
export async function save(
  scratch: ScratchFolder,
  name: string,
  options: SaveOptions,
): Promise<string> {
  using image = openFileSource(scratch.file("image"));
  const other = memorySource(new Uint8Array(0x5000).fill(4));
  const usedLength = Math.ceil(image.byteLength / 0x100000) * 0x100000;
  await saveSnapshot(createFileSink(scratch.file(name)), [
    { idstr: "ram", source: image, usedLength },
    { idstr: "rom", source: other, usedLength: 0x100000 },
  ], options);
  return scratch.file(name);
}
