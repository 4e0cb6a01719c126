import type * as NodeFs from "node:fs";
import { fileError, notSeekable } from "../local/file_error.ts";
import { LocalFile, nodeFs } from "../local/local_file.ts";
import { setBacking } from "../sources/backing.ts";
import { SourceError } from "../sources/source_error.ts";
import type { ByteSink } from "./byte_sink.ts";
import { claimLeftover, removeLeftovers } from "./leftovers.ts";
import { abandonedPath, partialPath } from "./partial_file.ts";

/** How to make a file. */
export interface FileSinkOptions {
  /** Whether a file that is already there may be replaced. Default: false. */
  readonly force?: boolean;
  /**
   * Whether to go on with what a process left that was killed while it wrote this
   * file; to be there it must. Default: false, it is removed.
   */
  readonly resume?: boolean;
}

/**
 * Starts a new file at `path`. Until {@linkcode ByteSink.commit} it stands beside
 * it under another name, so that a file already there is whole at any moment.
 * The name ends in `.partial` and says which process writes it: of two that write
 * the same file the second is refused.
 *
 * @throws {SourceError} if there is a file and `force` is not given, or if there
 *   is something that is not a regular file, or the folder does not exist, or
 *   the file is being written
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
  readonly #partial: string;
  readonly #file: LocalFile;
  /** Whether the file was there before: an abort leaves it. */
  readonly #resumed: boolean;

  constructor(
    path: string,
    { force = false, resume = false }: FileSinkOptions,
  ) {
    this.name = path;
    this.#force = force;
    this.#resumed = resume;
    this.#target = this.#resolveTarget(path);
    this.#partial = partialPath(this.#target);
    const { O_CREAT, O_EXCL, O_RDWR } = this.#fs.constants;
    const files = { name: path, own: this.#partial };
    // Before there is one more: however many are killed, one is left.
    if (resume) claimLeftover(this.#target, files);
    else removeLeftovers(this.#target, files);
    const flags = resume ? O_RDWR : O_CREAT | O_EXCL | O_RDWR;
    this.#file = new LocalFile(this.#partial, flags, 0o600, path);
    try {
      // Once more: of two that start at once, one sees the other's file.
      removeLeftovers(this.#target, files);
    } catch (error) {
      this.#giveUp();
      throw error;
    }
    setBacking(this, {
      ...this.#file.backing(this.#partial),
      leftoverLength: resume ? this.#file.byteLength : 0,
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
      this.#file.flush();
      this.#file.close();
      if (this.#force) this.#fs.renameSync(this.#partial, this.#target);
      else this.#renameToNew();
      this.#flushFolder();
    });
  }

  abort(): Promise<void> {
    return this.#do(() => this.#giveUp());
  }

  #giveUp(): void {
    try {
      this.#file.close();
    } finally {
      if (!this.#resumed) this.#fs.rmSync(this.#partial, { force: true });
      else if (this.#fs.existsSync(this.#partial)) {
        this.#fs.renameSync(this.#partial, abandonedPath(this.#target));
      }
    }
  }

  #resolveTarget(path: string): string {
    let stat: NodeFs.Stats | undefined;
    try {
      stat = this.#fs.statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      throw fileError("write", path, error);
    }
    if (stat === undefined) return path;
    if (!stat.isFile()) throw notSeekable("write", path, stat);
    if (!this.#force) {
      throw new SourceError(
        path,
        `Cannot write ${JSON.stringify(path)}: there is a file of that name`,
      );
    }
    return this.#fs.realpathSync(path);
  }

  /** Gives the file its name unless a file appeared there meanwhile. */
  #renameToNew(): void {
    try {
      // Unlike a rename, a link fails if there is something.
      this.#fs.linkSync(this.#partial, this.#target);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(
        code ?? "",
      );
      // FAT has no links; what is left is to look just before.
      if (!noLinks || this.#fs.existsSync(this.#target)) throw error;
      this.#fs.renameSync(this.#partial, this.#target);
      return;
    }
    this.#fs.unlinkSync(this.#partial);
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
  async #do(body: () => void): Promise<void> {
    try {
      body();
    } catch (error) {
      throw fileError("write", this.name, error);
    }
  }
}
