import { checkSameFile, LocalFile, nodeFs } from "../local/mod.ts";
import type { Backing, BackingFile } from "../sources/mod.ts";
import { DirectFile } from "./direct_file.ts";
import { SparseFile } from "./sparse_file.ts";

/** A local file that is read and written. */
export interface OpenedFile extends Disposable {
  readSync(target: Uint8Array, offset: number): void;
  writeSync(bytes: Uint8Array, offset: number): void;
}

/** A file that is only read. */
export type OpenedSource = Pick<OpenedFile, "readSync">;

/** Fills a target with the bytes of a file or memory from `offset` on. */
export type ReadBacking = (target: Uint8Array, offset: number) => void;

/**
 * Files that a thread opens, once each, from the description of another thread.
 */
export class BackingFiles implements Disposable {
  readonly #files = new Map<string, OpenedFile>();
  readonly #sparse = new Map<string, SparseFile>();
  readonly #directIo: boolean;

  /** Opens the files with direct I/O if `directIo` is set. */
  constructor(directIo: boolean) {
    this.#directIo = directIo;
  }

  /** Returns the file opened for reading. */
  reader(file: BackingFile): OpenedFile {
    return this.#open(file, "O_RDONLY");
  }

  /** Returns the file opened for reading; faster if most of it is holes. */
  sparseReader(file: BackingFile): OpenedSource {
    if (this.#directIo) return this.reader(file);
    const key = `${file.identity} ${file.path}`;
    const existing = this.#sparse.get(key);
    if (existing !== undefined) return existing;
    const opened = checkSameFile(new SparseFile(file.path, file.name), file);
    this.#sparse.set(key, opened);
    return opened;
  }

  /** Returns a function that reads a file or memory. */
  backingReader(
    from: Backing,
    { isSparse }: { readonly isSparse: boolean },
  ): ReadBacking {
    if (from.kind === "memory") {
      const { bytes } = from;
      return (target, offset) =>
        target.set(bytes.subarray(offset, offset + target.length));
    }
    const file = isSparse ? this.sparseReader(from) : this.reader(from);
    return (target, offset) => file.readSync(target, offset);
  }

  /** Returns the file opened for reading and writing. */
  writer(file: BackingFile): OpenedFile {
    return this.#open(file, "O_RDWR");
  }

  #open(file: BackingFile, flag: "O_RDONLY" | "O_RDWR"): OpenedFile {
    const key = `${flag} ${file.identity} ${file.path}`;
    const existing = this.#files.get(key);
    if (existing !== undefined) return existing;
    const opened = openSame(file, nodeFs().constants[flag], this.#directIo);
    this.#files.set(key, opened);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file[Symbol.dispose]();
    for (const file of this.#sparse.values()) file[Symbol.dispose]();
    this.#files.clear();
    this.#sparse.clear();
  }
}

/** Opens a file; refuses it if the path now leads to another file. */
function openSame(
  backing: BackingFile,
  flags: number,
  directIo: boolean,
): OpenedFile {
  const { path, name } = backing;
  return directIo
    ? checkSameFile(new DirectFile(path, flags, name), backing)
    : checkSameFile(new LocalFile(path, flags, 0, name), backing);
}
