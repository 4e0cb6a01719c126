import type { ByteRange } from "../../format/bytes/mod.ts";
import type { SharedExtent } from "../linux/mod.ts";
import { checkSameFile, LocalFile, nodeFs } from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";
import type { ContentLayer } from "./content_layers.ts";
import { type FindExtents, type OwnedPart, ownPart } from "./content_owners.ts";

/** As `sharedExtents` of the door `linux`. */
export type SharedExtents = (
  fd: number,
  range: ByteRange,
) => readonly SharedExtent[] | undefined;

/** Local files, opened once more to ask for the extents that they share. */
export class ExtentFiles implements Disposable {
  readonly #sharedExtents: SharedExtents | undefined;
  /** By key; undefined: it cannot be asked. */
  readonly #files = new Map<string, LocalFile | undefined>();

  /** Asks `sharedExtents`, if it is given. */
  constructor(sharedExtents: SharedExtents | undefined) {
    this.#sharedExtents = sharedExtents;
  }

  readonly find: FindExtents = (layer, range) => {
    const opened = this.#opened(layer);
    const extents = opened?.use((fd) => this.#sharedExtents?.(fd, range));
    if (opened === undefined || extents === undefined) return undefined;
    return partsOf(deviceOf(opened), range, extents);
  };

  #opened({ file, key }: ContentLayer): LocalFile | undefined {
    if (file === undefined || this.#sharedExtents === undefined) {
      return undefined;
    }
    if (this.#files.has(key)) return this.#files.get(key);
    const { path, name } = file;
    let opened: LocalFile | undefined;
    try {
      const again = new LocalFile(path, nodeFs().constants.O_RDONLY, 0, name);
      opened = checkSameFile(again, file);
    } catch (error) {
      // It has moved: the source that has it open can still be read.
      if (!(error instanceof SourceError)) throw error;
    }
    this.#files.set(key, opened);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const it of this.#files.values()) it?.close();
  }
}

/** Positions are of a file system; all of its files are on one device. */
function deviceOf(file: LocalFile): string {
  return file.use((fd) => `device ${nodeFs().fstatSync(fd).dev}`);
}

function partsOf(
  owner: string,
  range: ByteRange,
  extents: readonly SharedExtent[],
): OwnedPart[] {
  const parts: OwnedPart[] = [];
  let done = range.offset;
  for (const { offset, length, position } of extents) {
    if (offset > done) parts.push(ownPart(offset - done));
    parts.push({ length, sharing: "extents", owner, position });
    done = offset + length;
  }
  const end = range.offset + range.length;
  if (end > done) parts.push(ownPart(end - done));
  return parts;
}
