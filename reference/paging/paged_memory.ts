import type { WorkingSetProfile } from "../../format/profile/mod.ts";
import {
  LINUX,
  NativeMemory,
  Userfaultfd,
  watchedRanges,
} from "../linux/mod.ts";
import { linux } from "../system/mod.ts";
import { openPlace } from "../opening/mod.ts";
import { findOnlyBlock, openSnapshot, type RAMBlock } from "../reading/mod.ts";
import { shownName } from "../sources/mod.ts";
import { entryUrl } from "../work/mod.ts";
import type { MemoryJob } from "./memory_job.ts";
import type { PagerStatistics } from "./paged_process.ts";
import type { PagerEvent } from "./pager_event.ts";
import { pagerSettings, type PagingOptions } from "./pager_settings.ts";
import { PagerThread } from "./pager_thread.ts";

/** Options of `PagedMemory`. */
export interface PagedMemoryOptions extends PagingOptions {
  /** Bytes of a huge page, to use such pages. Default: pages of normal size. */
  readonly hugePageSize?: number | undefined;
  /** Called for each failed read that will be retried. */
  readonly onRetry?: ((message: string) => void) | undefined;
  /**
   * Called when a page could not be read for `retryFor` milliseconds, or cannot
   * be read at all: see {@linkcode PagedMemory.loaded}. Threads that touched it
   * keep waiting.
   */
  readonly onFailed?: (() => void) | undefined;
}

/**
 * Memory of this process that is filled from a snapshot as threads and foreign
 * functions touch it. A touch of a missing page blocks until the page is there,
 * however long reading it takes; a page that cannot be read never appears as
 * zeros.
 *
 * @example
 * ```ts
 * import { PagedMemory } from "../doors/linux.ts";
 *
 * async function firstByte(path: string): Promise<number> {
 *   await using memory = await PagedMemory.open(path, { idstr: "pc.ram" });
 *   return memory.bytes(0, 4096)[0]; // waits for that page, for no other
 * }
 * ```
 */
export class PagedMemory implements AsyncDisposable {
  /** Address of the memory, for foreign functions and other threads. */
  readonly address: number;
  /** Length in bytes: that of the RAMBlock, rounded up to whole pages. */
  readonly byteLength: number;
  /**
   * Resolves when all pages are loaded. Rejects when no more can be: with an
   * `IntegrityError` if a page does not agree with the digest.
   */
  readonly loaded: Promise<void>;
  readonly #memory: NativeMemory;
  readonly #uffd: Userfaultfd;
  readonly #thread: PagerThread;
  #statistics: PagerStatistics | undefined;
  #isLoaded = false;
  #closing: Promise<WorkingSetProfile | undefined> | undefined;

  private constructor(
    memory: NativeMemory,
    uffd: Userfaultfd,
    started: {
      readonly thread: PagerThread;
      readonly loaded: Promise<PagerStatistics | undefined>;
    },
  ) {
    this.#memory = memory;
    this.#uffd = uffd;
    this.#thread = started.thread;
    this.address = memory.address;
    this.byteLength = memory.byteLength;
    this.loaded = started.loaded.then((statistics) => {
      this.#statistics = statistics;
      this.#isLoaded = true;
    });
    // The caller may not wait for it.
    this.loaded.catch(() => {});
  }

  /**
   * Maps memory for a RAMBlock of the snapshot at a path or a URL, and starts a
   * thread that fills it.
   *
   * @throws {SourceError} if the snapshot cannot be opened, or the kernel has
   *   no userfaultfd or does not permit its use
   * @throws {IntegrityError} if the snapshot is not the one of `verity`
   * @throws {RangeError} if there is no such RAMBlock
   */
  static async open(
    file: string,
    options: PagedMemoryOptions = {},
  ): Promise<PagedMemory> {
    const { hugePageSize } = options;
    const block = await findBlock(file, options);
    const memory = new NativeMemory(block.usedLength, { hugePageSize });
    const loaded = Promise.withResolvers<PagerStatistics | undefined>();
    let statistics: PagerStatistics | undefined;
    const onEvent = (event: PagerEvent) => {
      if (event.kind === "statistics") statistics = event.statistics;
      if (event.kind === "loaded") loaded.resolve(statistics);
      if (event.kind === "retry") options.onRetry?.(event.message);
      if (event.kind === "failed" || event.kind === "error") {
        options.onFailed?.();
      }
    };
    let uffd: Userfaultfd | undefined;
    try {
      uffd = Userfaultfd.create();
      const { address, byteLength, pageSize } = memory;
      const hasZeropage = uffd.register(address, byteLength);
      const job: MemoryJob = {
        uffd: uffd.fd,
        region: {
          address,
          byteLength,
          pageSize,
          hasZeropage,
          origin: 0,
          idstr: block.idstr,
        },
      };
      const thread = await PagerThread.start(pagerSettings(file, options), {
        url: entryUrl("./paged_memory_worker.ts", import.meta.url),
        job,
        onEvent,
      });
      thread.stopped.catch(loaded.reject);
      return new PagedMemory(memory, uffd, { thread, loaded: loaded.promise });
    } catch (error) {
      uffd?.unregister(memory.address, memory.byteLength);
      uffd?.close();
      memory.unmap();
      throw error;
    }
  }

  /** Statistics of the load once it is complete; undefined before. */
  get statistics(): PagerStatistics | undefined {
    return this.#statistics;
  }

  /**
   * Returns a view of the memory; reading it may block. At most 4 GiB on Bun.
   */
  bytes(offset = 0, length?: number): Uint8Array {
    return this.#memory.bytes(offset, length ?? this.byteLength - offset);
  }

  /**
   * Stops the thread and resolves to the recorded profile, if any. Fully loaded
   * memory stays usable until the process ends. Otherwise the memory is
   * unmapped and a thread that touches it or waits for it is killed: nothing
   * ever reads zeros in place of missing pages. Unmap parts that were moved
   * elsewhere before calling this.
   */
  close(): Promise<WorkingSetProfile | undefined> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<WorkingSetProfile | undefined> {
    if (!this.#isLoaded) this.#unmap();
    try {
      return (await this.#thread.stop()).profile;
    } finally {
      this.#uffd.close();
    }
  }

  /**
   * Unmaps what is left of the memory at its address. Unmapping watched memory
   * blocks until the pager, which may have failed, reads the event. Missing
   * pages of unregistered memory are zero, so access is forbidden first.
   */
  #unmap(): void {
    const { call } = linux();
    for (const { address, byteLength } of watchedRanges(this)) {
      call.mprotect(address, byteLength, LINUX.PROT_NONE);
      this.#uffd.unregister(address, byteLength);
      call.munmap(address, byteLength);
    }
  }

  /** Closes the memory as {@linkcode close} does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function findBlock(
  file: string,
  { idstr, verity, allowBacking, ...options }: PagedMemoryOptions,
): Promise<RAMBlock> {
  using opened = await openPlace({ file, verity, allowBacking });
  const { blocks } = await openSnapshot(opened.source, options);
  const found = findOnlyBlock(blocks, { idstr, name: shownName(file) });
  // Throws if the file does not hold the pages, before any page is filled.
  if (found.ignored) await found.readInto(new Uint8Array(0), 0);
  return found;
}
