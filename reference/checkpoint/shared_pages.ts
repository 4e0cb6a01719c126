import { fstatSync, statfsSync } from "node:fs";
import {
  type PageBitmap,
  type PagePlace,
  pageRunRange,
} from "../../format/bitmap/mod.ts";
import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { cloneRange } from "../linux/mod.ts";
import { checkSameFile, LocalFile, nodeFs } from "../local/mod.ts";
import { type BackingFile, SourceError } from "../sources/mod.ts";
import { CHUNK } from "../work/mod.ts";

/** `f_type` of XFS. */
const XFS_SUPER_MAGIC = 0x58465342;
/** Bytes of a run of pages that is shared in less time than it is written. */
const SHARED_MIN = 0x4000;

/**
 * Makes a clone share pages with the file of the new snapshot, which writes
 * nothing to the disk but the places of these pages. Only on XFS, which frees
 * each block of a removed file that no other one shares: Btrfs keeps whole
 * extents of it, and with them more than what differs.
 */
export class SharedPages implements Disposable {
  readonly #from: LocalFile;
  readonly #clone: LocalFile;
  readonly #blockSize: number;

  private constructor(from: LocalFile, clone: LocalFile, blockSize: number) {
    this.#from = from;
    this.#clone = clone;
    this.#blockSize = blockSize;
  }

  /** Opens the file; returns undefined if the clone cannot share its pages. */
  static open(
    file: BackingFile,
    clone: LocalFile,
  ): SharedPages | undefined {
    const { type, bsize } = clone.use((fd) =>
      statfsSync(`/proc/self/fd/${fd}`)
    );
    if (type !== XFS_SUPER_MAGIC) return undefined;
    const { path, name } = file;
    const from = checkSameFile(
      new LocalFile(path, nodeFs().constants.O_RDONLY, 0, name),
      file,
    );
    const [one, other] = [from, clone].map((it) =>
      it.use((fd) => fstatSync(fd).dev)
    );
    if (one === other) return new SharedPages(from, clone, bsize);
    from.close();
    return undefined;
  }

  /**
   * Returns the pages of the shortest runs of a block that are worth it;
   * undefined if the file system cannot share single pages.
   */
  runMin({ pageSize, pagesOffset }: PagePlace): number | undefined {
    const isAligned = pageSize % this.#blockSize === 0 &&
      pagesOffset % this.#blockSize === 0;
    return isAligned ? Math.ceil(SHARED_MIN / pageSize) : undefined;
  }

  /** Shares pages, which are at the same places in both files. */
  share(place: PagePlace, pages: PageBitmap): void {
    for (const run of pages.runs()) this.#share(pageRunRange(place, run));
  }

  #share(range: ByteRange): void {
    const [from, clone] = [this.#from, this.#clone];
    try {
      from.use((fd) =>
        clone.use((cloneFd) =>
          cloneRange(
            { fd, name: from.name },
            { fd: cloneFd, name: clone.name },
            range,
          )
        )
      );
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      // A block can be shared a limited number of times.
      this.#copy(range);
    }
  }

  #copy(range: ByteRange): void {
    const buffer = new Uint8Array(Math.min(CHUNK, range.length));
    for (let at = range.offset; at < rangeEnd(range); at += buffer.length) {
      const bytes = buffer.subarray(0, rangeEnd(range) - at);
      this.#from.readSync(bytes, at);
      this.#clone.writeSync(bytes, at);
    }
  }

  [Symbol.dispose](): void {
    this.#from.close();
  }
}
