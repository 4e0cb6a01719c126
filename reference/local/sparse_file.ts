import { type BackingFile, SourceError } from "../sources/mod.ts";
import { DirectFile } from "./direct_file.ts";
import { LocalFile } from "./local_file.ts";
import { nodeFs } from "./node_fs.ts";

/** A file is sparse here if no more than one byte in so many is on the disk. */
const SPARSE_SHARE = 4;

/** Whether most of a file is holes, where the file system tells how much is not. */
export function isSparse(
  { byteLength, allocatedLength }: BackingFile,
): boolean {
  return allocatedLength !== undefined &&
    allocatedLength * SPARSE_SHARE <= byteLength;
}

/**
 * Reads a file that is mostly holes. A hole that is read takes pages of the page
 * cache like anything else, and making them takes ten times as long as the zeros
 * do: so it is read around the page cache, where that can be.
 */
export class SparseFile implements Disposable {
  readonly #buffered: LocalFile;
  #direct: DirectFile | undefined;

  /** Opens `path`; `name` is its name in errors. */
  constructor(path: string, name: string) {
    const { O_RDONLY } = nodeFs().constants;
    this.#buffered = new LocalFile(path, O_RDONLY, 0, name);
    this.#direct = tryDirectly(() => new DirectFile(path, O_RDONLY, name));
    // Another file may have come by that name.
    if (this.#direct?.identity !== this.identity) this.#closeDirect();
  }

  /** Device and inode. */
  get identity(): string {
    return this.#buffered.identity;
  }

  /** Fills the whole `target`. */
  readSync(target: Uint8Array, offset: number): void {
    const direct = this.#direct;
    if (direct !== undefined) {
      const done = tryDirectly(() => {
        direct.readSync(target, offset);
        return true;
      });
      if (done) return;
      this.#closeDirect();
    }
    this.#buffered.readSync(target, offset);
  }

  #closeDirect(): void {
    this.#direct?.close();
    this.#direct = undefined;
  }

  [Symbol.dispose](): void {
    this.#closeDirect();
    this.#buffered.close();
  }
}

/** Direct I/O is not to be had everywhere; what else is wrong shows without it. */
function tryDirectly<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}
