import {
  PostcopyLoader,
  type PostcopyMemory,
  SyncPostcopyLoader,
  type SyncPostcopyMemory,
} from "../faulting/mod.ts";
import type { UserfaultEvent, Userfaultfd } from "../linux/mod.ts";
import { SystemCallError } from "../system/mod.ts";
import type { PagerOptions } from "./pager_options.ts";
import { UffdInstaller, type UffdRegion } from "./uffd_installer.ts";

/** A region of a process, and the source of its pages. */
export interface PagedRegion extends UffdRegion {
  /** Whether the kernel can put zero pages there without a copy. */
  readonly hasZeropage: boolean;
  /** Offset of the first byte in the RAMBlock. */
  readonly origin: number;
  /** idstr of the RAMBlock. */
  readonly idstr: string;
  /** The source of the bytes. */
  readonly memory: PostcopyMemory | SyncPostcopyMemory;
}

/** A region of a process that is being filled. */
export class ServedRegion implements Disposable {
  /** The region and the source of its pages. */
  readonly plan: PagedRegion;
  /** Fills the region. */
  readonly loader: PostcopyLoader | SyncPostcopyLoader;
  readonly #uffd: Userfaultfd;
  readonly #installer: UffdInstaller;

  /**
   * Sets up a loader; `faultAround` is rounded to whole pages of the region.
   */
  constructor(
    uffd: Userfaultfd,
    plan: PagedRegion,
    options: Pick<PagerOptions, "faultAround" | "pageFirst" | "buffers">,
  ) {
    const { pageSize, origin, memory, hasZeropage } = plan;
    const { buffers, pageFirst } = options;
    const installer = new UffdInstaller(uffd, plan, { hasZeropage, buffers });
    const faultAround = Math.max(
      pageSize,
      options.faultAround - options.faultAround % pageSize,
    );
    this.plan = plan;
    this.#uffd = uffd;
    this.#installer = installer;
    this.loader = "readIntoSync" in memory
      ? new SyncPostcopyLoader(memory, installer, {
        origin,
        faultAround,
        pageFirst,
      })
      : new PostcopyLoader(memory, installer, { origin, faultAround });
  }

  /** Number of pages. */
  get pageCount(): number {
    return this.loader.pageCount;
  }

  /** Returns the page at an address; undefined if outside the region. */
  pageAt(address: number): number | undefined {
    const offset = this.#installer.offsetOf(address);
    return offset === undefined
      ? undefined
      : Math.floor(offset / this.plan.pageSize);
  }

  /** Handles an event other than a fault; returns how many bytes it removed. */
  take(
    event: Exclude<UserfaultEvent, { readonly kind: "fault" | "fork" }>,
  ): number {
    const installer = this.#installer;
    if (event.kind === "remap") {
      installer.move(event.from, event.length, event.to);
      return 0;
    }
    const { pageSize } = installer;
    let removed = 0;
    for (const part of installer.partsIn(event.start, event.end)) {
      this.loader.handleRemove({
        first: Math.floor(part.offset / pageSize),
        end: Math.ceil((part.offset + part.length) / pageSize),
      });
      removed += part.length;
    }
    if (event.kind === "unmap") {
      installer.move(event.start, event.end - event.start, undefined);
    }
    return removed;
  }

  /** Unregisters the region: its missing pages read as zero from now on. */
  unwatch(): void {
    for (const { address, length } of this.#installer.segments) {
      try {
        this.#uffd.unregister(address, length);
      } catch (error) {
        // The segment was unmapped, or events have to be read first. In that
        // case it stays registered, and faults put its zero pages in place.
        if (!(error instanceof SystemCallError)) throw error;
      }
    }
  }

  /** Frees the memory of the region. Call after the userfaultfd's `release`. */
  [Symbol.dispose](): void {
    this.#installer[Symbol.dispose]();
  }
}
