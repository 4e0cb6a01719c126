import {
  builtinModule,
  checkSameFile,
  LocalFile,
  nodeFs,
} from "../local/mod.ts";
import { errorCode, SourceError } from "../sources/mod.ts";

/** Addresses, offsets, and lengths of direct I/O are multiples of this. */
export const DIRECT_ALIGNMENT = 4096;

/**
 * `O_DIRECT` of Linux by architecture, for runtimes that do not define it.
 */
const O_DIRECT_BY_ARCHITECTURE: Readonly<Record<string, number>> = {
  x64: 0o40000,
  ia32: 0o40000,
  arm64: 0o200000,
  arm: 0o200000,
  ppc64: 0o400000,
};

/**
 * A file read and written around the page cache. Unaligned bytes, such as the
 * last ones of an image, go through the page cache.
 *
 * @throws {SourceError} if the file system does not support direct I/O
 */
export class DirectFile implements Disposable {
  readonly #direct: LocalFile;
  readonly #buffered: LocalFile;

  /** Opens `path`; `openFlags` are those of `open(2)`, without `O_DIRECT`. */
  constructor(path: string, openFlags: number, name = path) {
    this.#buffered = new LocalFile(path, openFlags, 0, name);
    try {
      const direct = openDirect(path, openFlags, name);
      this.#direct = checkSameFile(direct, this.#buffered);
    } catch (error) {
      this.#buffered.close();
      throw error;
    }
  }

  /** Device and inode. */
  get identity(): string {
    return this.#buffered.identity;
  }

  /** Fills the whole `target`, which starts at an aligned address. */
  readSync(target: Uint8Array, offset: number): void {
    const direct = alignedLength(target, offset);
    if (direct > 0) this.#direct.readSync(target.subarray(0, direct), offset);
    if (direct === target.length) return;
    this.#buffered.readSync(target.subarray(direct), offset + direct);
  }

  /** Writes all of `bytes`, which start at an aligned address. */
  writeSync(bytes: Uint8Array, offset: number): void {
    const direct = alignedLength(bytes, offset);
    if (direct > 0) this.#direct.writeSync(bytes.subarray(0, direct), offset);
    if (direct === bytes.length) return;
    this.#buffered.writeSync(bytes.subarray(direct), offset + direct);
  }

  /** Closes the file; a second call does nothing. */
  close(): void {
    this.#direct.close();
    this.#buffered.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Returns the number of leading bytes that can use direct I/O. */
function alignedLength(bytes: Uint8Array, offset: number): number {
  const aligned = bytes.byteOffset % DIRECT_ALIGNMENT === 0 &&
    offset % DIRECT_ALIGNMENT === 0;
  return aligned ? bytes.length - bytes.length % DIRECT_ALIGNMENT : 0;
}

function openDirect(path: string, openFlags: number, name: string): LocalFile {
  const flag = directFlag(name);
  try {
    return new LocalFile(path, openFlags | flag, 0, name);
  } catch (error) {
    if (errorCode(error) !== "EINVAL") throw error;
    throw new SourceError(
      name,
      `Cannot open ${JSON.stringify(name)} with direct I/O: its file system ` +
        "does not support it",
      { cause: error },
    );
  }
}

function directFlag(name: string): number {
  const { O_DIRECT } = nodeFs().constants as { readonly O_DIRECT?: number };
  const { arch, platform } = builtinModule("node:process", {
    what: name,
    action: "use direct I/O",
  });
  const flag = O_DIRECT ?? O_DIRECT_BY_ARCHITECTURE[arch];
  if (platform === "linux" && flag !== undefined) return flag;
  throw new SourceError(
    name,
    `Cannot open ${JSON.stringify(name)} with direct I/O: ${platform} on ` +
      `${arch} does not support it`,
  );
}
