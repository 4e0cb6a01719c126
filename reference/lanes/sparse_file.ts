import { LocalFile, nodeFs } from "../local/mod.ts";
import { type BackingFile, SourceError } from "../sources/mod.ts";
import { DirectFile } from "./direct_file.ts";

/** A file is sparse if at most one in this many bytes is allocated. */
const SPARSE_SHARE = 4;

/**
 * Whether most of a file is holes, if the file system reports its allocation.
 */
export function isSparse(
  { byteLength, allocatedLength }: BackingFile,
): boolean {
  return allocatedLength !== undefined &&
    allocatedLength * SPARSE_SHARE <= byteLength;
}

/**
 * Reads a file that is mostly holes. Reading a hole fills the page cache like
 * any other read, which takes ten times as long as the zeros alone; so the file
 * is read around the page cache if possible.
 */
export class SparseFile implements Disposable {
  readonly #buffered: LocalFile;
  #direct: DirectFile | undefined;

  /** Opens `path`; `name` is its name in errors. */
  constructor(path: string, name: string) {
    const { O_RDONLY } = nodeFs().constants;
    this.#buffered = new LocalFile(path, O_RDONLY, 0, name);
    this.#direct = tryDirectly(() => new DirectFile(path, O_RDONLY, name));
    // The path may lead to another file by now.
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

/**
 * Direct I/O may be unavailable; any other fault shows up again on the buffered
 * path.
 */
function tryDirectly<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}
