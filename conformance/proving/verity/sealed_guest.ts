import {
  closeSync,
  openSync,
  readFileSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import {
  memorySink,
  memorySource,
  openSnapshotSync,
  sealSource,
} from "../../../mod.ts";

/** Bytes of a page, and of a block that has a hash. */
export const PAGE = 4096;
/** A time that a file system stores exactly. */
const TIME = 1_700_000_000;

/** A page of a RAMBlock. */
export interface PagePlace {
  readonly idstr: string;
  readonly pageIndex: number;
}

/** A saved guest and its sidecar, which a test changes unnoticed. */
export class SealedGuest {
  /** Path of the snapshot. */
  readonly path: string;
  /** Path of the sidecar. */
  readonly tree: string;
  readonly digest: string;
  /** The bytes of the snapshot and of the sidecar. */
  readonly bytes: Uint8Array;
  readonly sidecar: Uint8Array;
  /** The page that the tests read, and its position in the snapshot. */
  readonly page: PagePlace;
  readonly offset: number;

  private constructor(
    path: string,
    { bytes, sidecar, digest, page }:
      & Pick<SealedGuest, "bytes" | "sidecar" | "digest">
      & { readonly page: PagePlace },
  ) {
    const { idstr, pageIndex } = page;
    const { pagesOffset } = openSnapshotSync(memorySource(bytes)).block(idstr);
    this.path = path;
    this.tree = `${path}.verity`;
    this.bytes = bytes;
    this.sidecar = sidecar;
    this.digest = digest;
    this.page = page;
    this.offset = pagesOffset + pageIndex * PAGE;
    writeFileSync(this.tree, sidecar);
    this.#keepTimes();
  }

  /** Seals a snapshot. */
  static async seal(path: string, page: PagePlace): Promise<SealedGuest> {
    const bytes = new Uint8Array(readFileSync(path));
    const sealed = await sealBytes(bytes);
    return new SealedGuest(path, { bytes, ...sealed, page });
  }

  /** Writes the changed bytes to the files, whose times stay the same. */
  write(): void {
    for (
      const [path, bytes] of [
        [this.path, this.bytes],
        [this.tree, this.sidecar],
      ] as const
    ) {
      const fd = openSync(path, "r+");
      writeSync(fd, bytes);
      closeSync(fd);
    }
    this.#keepTimes();
  }

  #keepTimes(): void {
    for (const path of [this.path, this.tree]) utimesSync(path, TIME, TIME);
  }
}

/** Returns the sidecar and the digest of a file. */
export async function sealBytes(
  bytes: Uint8Array,
): Promise<{ readonly sidecar: Uint8Array; readonly digest: string }> {
  const sink = memorySink();
  const { digest } = await sealSource(memorySource(bytes), sink);
  return { sidecar: sink.bytes(), digest };
}
