import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  fileError,
  identityAt,
  type LocalFile,
  nodeFs,
  renameToNew,
} from "../local/mod.ts";
import { errorCode, setBacking, SourceError } from "../sources/mod.ts";
import type { ByteSink } from "./byte_sink.ts";
import {
  claimLeftover,
  type LeftoverOptions,
  removeLeftovers,
} from "./leftovers.ts";
import { outputTarget } from "./output_target.ts";
import {
  createPartial,
  discardPartial,
  ownerOf,
  type OwnPartial,
  statOf,
} from "./own_partial.ts";
import { abandonedPath } from "./partial_file.ts";

/** Options of creating a file. */
export interface FileSinkOptions {
  /** Whether an existing file may be replaced. Default: false. */
  readonly force?: boolean;
  /**
   * Whether to continue the unfinished file of a killed process, which must
   * exist. Default: false: such a file is removed.
   */
  readonly resume?: boolean;
  /**
   * Returns the ranges of an open file that are not holes, so that a resumed
   * file is scanned faster. The runtimes have no such call; on Linux, pass
   * `dataRanges` of `./linux`, which uses the foreign function interface.
   * Default: the whole file is read.
   */
  readonly dataRanges?:
    | ((fd: number, byteLength: number) => readonly ByteRange[] | undefined)
    | undefined;
  /**
   * Paths of files about the file that is replaced, such as its sidecar. They
   * are removed right before the new file is put in place. Default: none.
   */
  readonly outdated?: readonly string[] | undefined;
  /**
   * Locks an open file in Bun and Node, which have no such call; on Linux, pass
   * `tryLock` of `./linux`, which uses the foreign function interface. Locks
   * also detect processes in other containers. Default: Deno's locks, or none.
   */
  readonly tryLock?: ((fd: number) => boolean | undefined) | undefined;
}

/**
 * Starts a new file at `path`. Until {@linkcode ByteSink.commit} it is next to
 * `path` under another name, so that an existing file is complete at any time.
 * That name ends in `.partial` and identifies the process that writes the file.
 * The file is locked where locks are supported. If two processes of a user
 * write the same file, the second is refused.
 *
 * A file of RAM contains secrets: only its owner can access it (mode 0600). If
 * it replaces a file of the same owner and group, it gets that file's mode.
 *
 * If `path` is a symbolic link, its target is replaced; the target must exist.
 *
 * @throws {SourceError} if the file exists and `force` is not set, the path is
 * not that of a regular file, the folder does not exist, the file is being
 * written, or a symbolic link is dangling or owned by another user
 *
 * @example
 * ```ts
 * import { createFileSink } from "../../mod.ts";
 * import { readFileSync } from "node:fs";
 * import assert from "node:assert/strict";
 *
 * const path = `${await Deno.makeTempDir()}/new`;
 * const sink = createFileSink(path);
 * await sink.write(new TextEncoder().encode("QEVM"), 0);
 * await sink.commit();
 * assert.equal(readFileSync(path, "utf8"), "QEVM");
 * ```
 */
export function createFileSink(
  path: string,
  options: FileSinkOptions = {},
): ByteSink {
  return new FileSink(path, options);
}

class FileSink implements ByteSink {
  readonly name: string;
  readonly #fs = nodeFs();
  readonly #force: boolean;
  readonly #outdated: readonly string[];
  /** Final path; of a symbolic link, the target. */
  readonly #target: string;
  readonly #partial: OwnPartial;
  readonly #file: LocalFile;

  constructor(
    path: string,
    {
      force = false,
      resume = false,
      outdated = [],
      tryLock,
      dataRanges,
    }: FileSinkOptions,
  ) {
    this.name = path;
    this.#force = force;
    this.#outdated = outdated;
    const { path: target, stat } = outputTarget(path);
    if (stat !== undefined && !force) {
      throw new SourceError(
        path,
        `Cannot write ${JSON.stringify(path)}: there is a file of that name`,
      );
    }
    this.#target = target;
    const leftovers = { name: path, uid: ownerOf(target, path), tryLock };
    const partial = resume
      ? claimLeftover(target, leftovers)
      : createAlone(target, leftovers);
    try {
      // If two processes start at once, one detects the other's file.
      removeLeftovers(target, { ...leftovers, own: partial });
    } catch (error) {
      giveUp(partial, target);
      throw error;
    }
    this.#partial = partial;
    this.#file = partial.file;
    const { claimed, file } = partial;
    const { byteLength } = file;
    setBacking(this, {
      ...file.backing(partial.path),
      leftoverLength: claimed ? byteLength : 0,
      leftoverRanges: claimed
        ? file.use((fd) => dataRanges?.(fd, byteLength))
        : undefined,
    });
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return this.#do(() => this.#file.writeSync(bytes, offset));
  }

  setLength(byteLength: number): Promise<void> {
    return this.#do(() => this.#file.setLength(byteLength));
  }

  // deno-lint-ignore require-await -- errors must become rejections
  async flush(): Promise<void> {
    return this.#file.flushAside();
  }

  commit(): Promise<void> {
    return this.#do(() => {
      const { path, lock } = this.#partial;
      this.#file.flush();
      if (this.#force) this.#keepMode();
      this.#file.close();
      if (identityAt(path) !== this.#file.identity) throw changed();
      for (const it of this.#outdated) this.#fs.rmSync(it, { force: true });
      if (this.#force) this.#fs.renameSync(path, this.#target);
      else renameToNew(path, this.#target);
      this.#flushFolder();
      lock.release();
    });
  }

  abort(): Promise<void> {
    return this.#do(() => giveUp(this.#partial, this.#target));
  }

  /** Renames the file to the first unused name of `path.1`, `path.2`, …. */
  keep(): Promise<string> {
    return this.#do(() => {
      const { path, lock } = this.#partial;
      this.#file.close();
      if (identityAt(path) !== this.#file.identity) throw changed();
      const kept = renameToFree(path, this.#target);
      this.#flushFolder();
      lock.release();
      return kept;
    });
  }

  /** Copies the mode of the file that is replaced, if it has the same owner. */
  #keepMode(): void {
    const old = this.#fs.lstatSync(this.#target, { throwIfNoEntry: false });
    const made = statOf(this.#file);
    if (!old?.isFile() || old.uid !== made.uid || old.gid !== made.gid) return;
    this.#file.use((fd) => this.#fs.fchmodSync(fd, old.mode & 0o777));
  }

  #flushFolder(): void {
    const folder = /^(.*)[/\\][^/\\]*$/.exec(this.#target)?.[1] ?? ".";
    let fd: number;
    try {
      fd = this.#fs.openSync(folder || "/", this.#fs.constants.O_RDONLY);
    } catch {
      return; // Windows cannot flush a folder.
    }
    try {
      this.#fs.fsyncSync(fd);
    } finally {
      this.#fs.closeSync(fd);
    }
  }

  // deno-lint-ignore require-await -- errors must become rejections
  async #do<T>(body: () => T): Promise<T> {
    try {
      return body();
    } catch (error) {
      throw fileError("write", this.name, error);
    }
  }
}

function changed(): Error {
  return new Error("its unfinished file was changed or removed");
}

/** Renames a file to the first unused name of `target.1`, `target.2`, …. */
function renameToFree(path: string, target: string): string {
  for (let number = 1;; number++) {
    const free = `${target}.${number}`;
    try {
      renameToNew(path, free);
      return free;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

/**
 * Removes leftovers before creating a file, so that at most one is left however
 * many processes are killed.
 */
function createAlone(target: string, leftovers: LeftoverOptions): OwnPartial {
  removeLeftovers(target, leftovers);
  return createPartial(target, leftovers);
}

/** Leaves a file that was resumed, and removes a new one. */
function giveUp(partial: OwnPartial, target: string): void {
  const { path, file, lock, claimed } = partial;
  if (!claimed) return discardPartial(partial);
  try {
    file.close();
    if (identityAt(path) === file.identity) {
      nodeFs().renameSync(path, abandonedPath(target));
    }
  } finally {
    lock.release();
  }
}
