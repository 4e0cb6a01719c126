import { alignUp } from "../../../format/bitmap/mod.ts";
import { fileData } from "../../system/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import type { OpenedPlace } from "../../opening/mod.ts";
import type { RAMBlockInput } from "../../saving/mod.ts";
import { type ReadOptions, SourceError } from "../../sources/mod.ts";
import { findBlock } from "../input/find_block.ts";
import { checkFlatImage } from "../input/flat_image.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import type { InputPlace } from "../input/place_options.ts";
import type { SaveArguments } from "./save_arguments.ts";

/** The inputs of a new snapshot. */
export interface SaveInputs {
  /** The RAMBlocks, in the order of the new file. */
  readonly blocks: readonly RAMBlockInput[];
  /** The snapshot with the device state, if there is one. */
  readonly deviceStateFrom: Snapshot | undefined;
  /** RAMBlocks with shorter images, whose rest is zero. */
  readonly padded: readonly PaddedBlock[];
}

/** A RAMBlock whose image contains only its first bytes. */
export interface PaddedBlock {
  readonly idstr: string;
  /** Bytes of the block. */
  readonly usedLength: number;
  /** Bytes of the image. */
  readonly imageLength: number;
}

/** Sources that are closed together. */
export class OpenedSources implements Disposable {
  readonly #opened: OpenedPlace[] = [];

  /** Opens another source. */
  async open(place: InputPlace, options: ReadOptions): Promise<OpenedPlace> {
    const opened = await openSource(place, options);
    this.#opened.push(opened);
    return opened;
  }

  /** Closes all of them. */
  [Symbol.dispose](): void {
    for (const opened of this.#opened) opened[Symbol.dispose]();
  }

  /** Paths of all local files that they consist of. */
  get paths(): string[] {
    return this.#opened.flatMap((it) => it.paths);
  }
}

/** Opens all files that the arguments name. */
export async function openInputs(
  args: SaveArguments,
  opened: OpenedSources,
  signal: AbortSignal,
): Promise<SaveInputs> {
  const { images, imageVerity, deviceState, pageSize, scan, fromRaw } = args;
  const open: OpenImage = async (path, idstr) => {
    const verity = imageVerity.get(idstr);
    // A guest may have written anything to its memory, even a qcow2 header.
    const place = { file: path, verity, asIs: true };
    const { source } = await opened.open(place, { signal });
    if (!fromRaw) await checkFlatImage(source, { signal });
    // Holes of a checked image are unknown: one may have been punched since.
    return { source, dataRanges: scan ? undefined : fileData(source) };
  };
  if (deviceState === undefined) {
    const blocks: RAMBlockInput[] = [];
    for (const [idstr, path] of images) {
      const image = await openImage(idstr, path, open);
      const usedLength = alignUp(image.source.byteLength, pageSize);
      blocks.push({ idstr, ...image, usedLength });
    }
    return { blocks, deviceStateFrom: undefined, padded: [] };
  }
  const { place, options } = deviceState;
  const { source, disk } = await opened.open(place, { signal });
  const deviceStateFrom = await openSnapshotFile(source, {
    ...options,
    disk,
    signal,
  });
  for (const idstr of images.keys()) findBlock(deviceStateFrom, idstr);
  const blocks: RAMBlockInput[] = [];
  for (const block of deviceStateFrom.blocks) {
    const { idstr, usedLength } = block;
    const image = images.get(idstr);
    const input = image === undefined
      ? { source: block }
      : await openImage(idstr, image, open, usedLength);
    blocks.push({ idstr, usedLength, ...input });
  }
  const padded = blocks.map(({ idstr, usedLength = 0, source }) => ({
    idstr,
    usedLength,
    imageLength: source.byteLength,
  })).filter(({ usedLength, imageLength }) => imageLength < usedLength);
  return { blocks, deviceStateFrom, padded };
}

/** An image, and its data ranges if they are known. */
type OpenedImage = Pick<RAMBlockInput, "source" | "dataRanges">;

type OpenImage = (path: string, idstr: string) => Promise<OpenedImage>;

async function openImage(
  idstr: string,
  path: string,
  open: OpenImage,
  usedLength = Infinity,
): Promise<OpenedImage> {
  const image = await open(path, idstr);
  const { source } = image;
  const { byteLength } = source;
  if (byteLength > 0 && byteLength <= usedLength) return image;
  throw new SourceError(
    source.name,
    `Cannot save ${JSON.stringify(source.name)} as RAMBlock "${idstr}": ` +
      (byteLength === 0
        ? "it is empty"
        : `it has ${byteLength} bytes, expected at most ${usedLength}`),
  );
}
