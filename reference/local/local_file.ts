import { type BackingFile, checkRange, SourceError } from "../sources/mod.ts";
import { deviceFacts, isPastEnd, regularFileFacts } from "./file_facts.ts";
import { fileError, fileShrank, notSeekable } from "./file_error.ts";
import { type FileVersion, FileWatch } from "./file_watch.ts";
import { nodeFs } from "./builtin_module.ts";
import { openQuickStat, type QuickStat } from "./quick_stat.ts";
import { flushAside, readAside } from "./thread_pool_calls.ts";

/** The flags of `open(2)` that allow writing to a file. */
const WRITES = 3;
/** Reads of up to this many bytes are synchronous, without the thread pool. */
const SYNC_READ_MAX = 0x40000;
/** Maximum bytes per system call; the kernel has a limit, too. */
const TRANSFER_MAX = 0x1000000;
const DONE = Promise.resolve();

/**
 * An open regular file, read and written at positions, or a block device, read
 * only. It is opened once and closed by `using` or {@linkcode close}; every
 * failure is a `SourceError`.
 */
export class LocalFile implements Disposable {
  /** Path as given by the caller. */
  readonly name: string;
  /** Its size in bytes when it was opened. */
  readonly byteLength: number;
  /** Device and inode: equal for the same file, whatever its path. */
  readonly identity: string;
  /** Bytes allocated on disk at that time, if the file system reports them. */
  readonly allocatedLength: number | undefined;
  readonly #opened: FileVersion;
  readonly #fs = nodeFs();
  #watch: FileWatch | undefined;
  #quickStat: QuickStat | undefined;
  #fd: number | undefined;
  #isClosed = false;
  /** Number of calls running in the thread pool. */
  #runningCalls = 0;

  /** Opens `path`; `openFlags` and `mode` are those of `open(2)`. */
  constructor(path: string, openFlags: number, mode = 0o600, name = path) {
    this.name = name;
    const { O_NONBLOCK } = this.#fs.constants;
    // Without O_NONBLOCK, opening a pipe waits for a writer.
    this.#fd = this.#try(
      "open",
      () => this.#fs.openSync(path, openFlags | (O_NONBLOCK ?? 0), mode),
    );
    try {
      const stat = this.#try(
        "stat",
        () => this.#fs.fstatSync(this.#descriptor),
      );
      const isDevice = stat.isBlockDevice() && (openFlags & WRITES) === 0;
      if (!stat.isFile() && !isDevice) throw notSeekable("open", name, stat);
      this.#opened = stat;
      const facts = isDevice
        ? deviceFacts(stat, (offset) => this.#readsByte(offset))
        : regularFileFacts(stat);
      this.byteLength = facts.byteLength;
      this.allocatedLength = facts.allocatedLength;
      this.identity = facts.identity;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Makes later reads check whether the file has changed since it was opened.
   */
  watch(): FileWatch {
    if (this.#watch !== undefined) return this.#watch;
    this.#quickStat = openQuickStat(this.#descriptor, this.#opened);
    return this.#watch = new FileWatch(
      this.name,
      this.#opened,
      () => this.#readVersion(),
    );
  }

  /**
   * Returns what another thread needs to open the file again, now at `path`.
   */
  backing(path: string): BackingFile {
    const { name, identity, byteLength, allocatedLength } = this;
    return { kind: "file", path, name, identity, byteLength, allocatedLength };
  }

  /** Fills the whole `target` with the bytes from `offset` on. */
  readSync(target: Uint8Array, offset: number): void {
    const fd = this.#descriptor;
    for (let done = 0; done < target.length;) {
      const length = Math.min(target.length - done, TRANSFER_MAX);
      const position = offset + done;
      let count: number;
      // No closure here: reading a page takes only a microsecond.
      try {
        count = this.#fs.readSync(fd, target, done, length, position);
      } catch (error) {
        throw fileError("read", this.name, error, { offset: position, length });
      }
      if (count === 0) throw this.#shrank(position, length);
      done += count;
    }
    this.#watch?.step();
  }

  /**
   * Same as {@linkcode readSync}. A small read is synchronous: a page of a
   * cached file takes 1 µs, and 20 to 60 µs through the thread pool.
   */
  read(
    target: Uint8Array,
    offset: number,
    signal?: AbortSignal,
  ): Promise<void> {
    if (target.length > SYNC_READ_MAX) {
      return this.#held(this.#readLarge(target, offset, signal));
    }
    try {
      signal?.throwIfAborted();
      checkRange(this, offset, target.length);
      this.readSync(target, offset);
      return DONE;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #readLarge(
    target: Uint8Array,
    offset: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    const file = { fd: this.#descriptor, name: this.name };
    for (let done = 0; done < target.length;) {
      const length = Math.min(target.length - done, TRANSFER_MAX);
      const part = target.subarray(done, done + length);
      const count = await readAside(file, part, offset + done);
      signal?.throwIfAborted();
      if (count === 0) throw this.#shrank(offset + done, length);
      done += count;
    }
    this.#watch?.step();
  }

  /** Writes all of `bytes` at `offset`. */
  writeSync(bytes: Uint8Array, offset: number): void {
    const fd = this.#descriptor;
    for (let done = 0; done < bytes.length;) {
      const length = Math.min(bytes.length - done, TRANSFER_MAX);
      const position = offset + done;
      done += this.#try(
        "write",
        () => this.#fs.writeSync(fd, bytes, done, length, position),
        { offset: position, length },
      );
    }
  }

  /** Sets the size of the file; added bytes are a hole. */
  setLength(byteLength: number): void {
    this.#try(
      "resize",
      () => this.#fs.ftruncateSync(this.#descriptor, byteLength),
    );
  }

  /** Calls `body` with the descriptor, which the file still owns. */
  use<T>(body: (fd: number) => T): T {
    return body(this.#descriptor);
  }

  /** Waits until everything written is on the disk. */
  flush(): void {
    this.#try("flush", () => this.#fs.fsyncSync(this.#descriptor));
  }

  /** Same as {@linkcode flush}, while other work continues. */
  flushAside(): Promise<void> {
    const fd = this.#descriptor;
    return this.#held(flushAside({ fd, name: this.name }));
  }

  /** Closes the file once no call is running; a second call does nothing. */
  close(): void {
    this.#isClosed = true;
    const fd = this.#fd;
    if (fd === undefined || this.#runningCalls > 0) return;
    this.#fd = undefined;
    this.#quickStat?.close();
    this.#quickStat = undefined;
    this.#try("close", () => this.#fs.closeSync(fd));
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #descriptor(): number {
    if (this.#fd !== undefined && !this.#isClosed) return this.#fd;
    throw new SourceError(
      this.name,
      `Cannot use ${JSON.stringify(this.name)}: it was closed`,
    );
  }

  #readVersion(): FileVersion {
    if (this.#quickStat?.isUnchanged()) return this.#opened;
    // A running read checks too, even after the file is closed.
    const fd = this.#fd ?? this.#descriptor;
    return this.#try("stat", () => this.#fs.fstatSync(fd));
  }

  #readsByte(offset: number): boolean {
    const byte = new Uint8Array(1);
    try {
      return this.#fs.readSync(this.#descriptor, byte, 0, 1, offset) === 1;
    } catch (error) {
      if (isPastEnd(error)) return false;
      throw fileError("read", this.name, error, { offset, length: 1 });
    }
  }

  /** Keeps the file open during a call, so its descriptor is not reused. */
  async #held<T>(call: Promise<T>): Promise<T> {
    this.#runningCalls++;
    try {
      return await call;
    } finally {
      this.#runningCalls--;
      if (this.#isClosed) this.close();
    }
  }

  #shrank(offset: number, length: number): SourceError {
    this.#watch?.check();
    return fileShrank(this.name, { offset, length });
  }

  #try<T>(
    action: string,
    body: () => T,
    range?: { offset: number; length: number },
  ): T {
    try {
      return body();
    } catch (error) {
      throw fileError(action, this.name, error, range);
    }
  }
}
