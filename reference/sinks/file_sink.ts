import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  fileError,
  identityAt,
  type LocalFile,
  nodeFs,
  renameToNew,
} from "../local/mod.ts";
import { setBacking, SourceError } from "../sources/mod.ts";
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

/** How to make a file. */
export interface FileSinkOptions {
  /** Whether a file that is already there may be replaced. Default: false. */
  readonly force?: boolean;
  /**
   * Whether to go on with what a process left that was killed while it wrote this
   * file; to be there it must. Default: false, it is removed.
   */
  readonly resume?: boolean;
  /**
   * Tells where an open file has no holes, which no runtime does by itself: on
   * Linux `dataRanges` of `./linux`, by the foreign function interface. What is
   * gone on with is then looked through faster. Default: it is read as a whole.
   */
  readonly dataRanges?:
    | ((fd: number, byteLength: number) => readonly ByteRange[] | undefined)
    | undefined;
  /**
   * Locks an open file, which Bun and Node do not do by themselves: on Linux
   * `tryLock` of `./linux`, by the foreign function interface. Processes in other
   * containers are then seen, too. Default: Deno's own locks, or none.
   */
  readonly tryLock?: ((fd: number) => boolean | undefined) | undefined;
}

/**
 * Starts a new file at `path`. Until {@linkcode ByteSink.commit} it is beside it
 * under another name, so that a file already there is whole at any moment. That
 * name ends in `.partial` and says which process writes the file, which is locked
 * where there are locks: of two processes of a user that write the same file the
 * second is refused.
 *
 * A file of RAM holds secrets: it is its owner's alone (mode 0600). Where it
 * replaces a file of the same owner and group, it gets the mode of that one.
 *
 * Where `path` is a symbolic link, the file that it leads to is replaced; it must
 * be there.
 *
 * @throws {SourceError} if there is a file and `force` is not given, or if there
 *   is something that is not a regular file, or the folder does not exist, or
 *   the file is being written, or a symbolic link leads to nothing or was put
 *   there by another user
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
  /** Where the file will be; behind a symbolic link, what it points to. */
  readonly #target: string;
  readonly #own: OwnPartial;
  readonly #file: LocalFile;

  constructor(
    path: string,
    { force = false, resume = false, tryLock, dataRanges }: FileSinkOptions,
  ) {
    this.name = path;
    this.#force = force;
    const { path: target, stat } = outputTarget(path);
    if (stat !== undefined && !force) {
      throw new SourceError(
        path,
        `Cannot write ${JSON.stringify(path)}: there is a file of that name`,
      );
    }
    this.#target = target;
    const leftovers = { name: path, uid: ownerOf(target, path), tryLock };
    const own = resume
      ? claimLeftover(target, leftovers)
      : createAlone(target, leftovers);
    try {
      // Of two that start at once, one sees the other's file.
      removeLeftovers(target, { ...leftovers, own });
    } catch (error) {
      giveUp(own, target);
      throw error;
    }
    this.#own = own;
    this.#file = own.file;
    const { claimed, file } = own;
    const { byteLength } = file;
    setBacking(this, {
      ...file.backing(own.path),
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

  // deno-lint-ignore require-await -- what it throws must be a rejection
  async flush(): Promise<void> {
    return this.#file.flushAside();
  }

  commit(): Promise<void> {
    return this.#do(() => {
      const { path, lock } = this.#own;
      this.#file.flush();
      if (this.#force) this.#keepMode();
      this.#file.close();
      if (identityAt(path) !== this.#file.identity) throw changed();
      if (this.#force) this.#fs.renameSync(path, this.#target);
      else renameToNew(path, this.#target);
      this.#flushFolder();
      lock.release();
    });
  }

  abort(): Promise<void> {
    return this.#do(() => giveUp(this.#own, this.#target));
  }

  /** The first name that is free of `path.1`, `path.2` and so on. */
  keep(): Promise<string> {
    return this.#do(() => {
      const { path, lock } = this.#own;
      this.#file.close();
      if (identityAt(path) !== this.#file.identity) throw changed();
      const kept = renameToFree(path, this.#target);
      this.#flushFolder();
      lock.release();
      return kept;
    });
  }

  /** Gives the file the mode of the one that it replaces, if that is its owner's. */
  #keepMode(): void {
    const old = this.#fs.lstatSync(this.#target, { throwIfNoEntry: false });
    const own = statOf(this.#file);
    if (!old?.isFile() || old.uid !== own.uid || old.gid !== own.gid) return;
    this.#file.use((fd) => this.#fs.fchmodSync(fd, old.mode & 0o777));
  }

  #flushFolder(): void {
    const folder = /^(.*)[/\\][^/\\]*$/.exec(this.#target)?.[1] ?? ".";
    let fd: number;
    try {
      fd = this.#fs.openSync(folder || "/", this.#fs.constants.O_RDONLY);
    } catch {
      return; // Windows has no such thing as flushing a folder.
    }
    try {
      this.#fs.fsyncSync(fd);
    } finally {
      this.#fs.closeSync(fd);
    }
  }

  // deno-lint-ignore require-await -- what it throws must be a rejection
  async #do<T>(body: () => T): Promise<T> {
    try {
      return body();
    } catch (error) {
      throw fileError("write", this.name, error);
    }
  }
}

function changed(): Error {
  return new Error("somebody has changed or removed its unfinished file");
}

/** Gives a file the first name of `target.1`, `target.2` … that is free. */
function renameToFree(path: string, target: string): string {
  for (let number = 1;; number++) {
    const free = `${target}.${number}`;
    try {
      renameToNew(path, free);
      return free;
    } catch (error) {
      if ((error as { readonly code?: string }).code !== "EEXIST") throw error;
    }
  }
}

/** Before there is one more: however many are killed, one is left. */
function createAlone(target: string, leftovers: LeftoverOptions): OwnPartial {
  removeLeftovers(target, leftovers);
  return createPartial(target, leftovers);
}

/** Leaves a file that was there before, and removes one that was not. */
function giveUp(own: OwnPartial, target: string): void {
  const { path, file, lock, claimed } = own;
  if (!claimed) return discardPartial(own);
  try {
    file.close();
    if (identityAt(path) === file.identity) {
      nodeFs().renameSync(path, abandonedPath(target));
    }
  } finally {
    lock.release();
  }
}
