import {
  PostcopyLoader,
  type PostcopyMemory,
  SyncPostcopyLoader,
  type SyncPostcopyMemory,
} from "../faulting/mod.ts";
import {
  type NativeBuffers,
  SystemCallError,
  type UserfaultEvent,
  type Userfaultfd,
} from "../linux/mod.ts";
import { UffdInstaller, type UffdRegion } from "./uffd_installer.ts";

/** A region of a process, and what belongs there. */
export interface PagedRegion extends UffdRegion {
  /** Whether zero pages can be put there without bytes. */
  readonly hasZeropage: boolean;
  /** Offset in the RAMBlock of its first byte. */
  readonly origin: number;
  /** idstr of the RAMBlock. */
  readonly idstr: string;
  /** Where its bytes come from. */
  readonly memory: PostcopyMemory | SyncPostcopyMemory;
}

/** A region of a process that is being filled. */
export class ServedRegion implements Disposable {
  /** Where it is, and what belongs there. */
  readonly plan: PagedRegion;
  /** Fills it. */
  readonly loader: PostcopyLoader | SyncPostcopyLoader;
  readonly #uffd: Userfaultfd;
  readonly #installer: UffdInstaller;

  /** With so many bytes around a fault, in whole pages of the region. */
  constructor(
    uffd: Userfaultfd,
    plan: PagedRegion,
    options: { readonly faultAround: number; readonly buffers: NativeBuffers },
  ) {
    const { pageSize, origin, memory, hasZeropage } = plan;
    const { buffers } = options;
    const installer = new UffdInstaller(uffd, plan, { hasZeropage, buffers });
    const faultAround = Math.max(
      pageSize,
      options.faultAround - options.faultAround % pageSize,
    );
    this.plan = plan;
    this.#uffd = uffd;
    this.#installer = installer;
    this.loader = "readIntoSync" in memory
      ? new SyncPostcopyLoader(memory, installer, { origin, faultAround })
      : new PostcopyLoader(memory, installer, { origin, faultAround });
  }

  /** How many pages it has. */
  get pageCount(): number {
    return this.loader.pageCount;
  }

  /** The page at an address; undefined if it is not in the region. */
  pageAt(address: number): number | undefined {
    const offset = this.#installer.offsetOf(address);
    return offset === undefined
      ? undefined
      : Math.floor(offset / this.plan.pageSize);
  }

  /** Takes note of what became of memory; returns the bytes that were removed. */
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

  /** Watches it no more: what is missing of it is zero from now on. */
  unwatch(): void {
    for (const { address, length } of this.#installer.segments) {
      try {
        this.#uffd.unregister(address, length);
      } catch (error) {
        // It was unmapped meanwhile; or events are to be read first, and it
        // stays registered: its zero pages are then put in place one by one.
        if (!(error instanceof SystemCallError)) throw error;
      }
    }
  }

  /** Ends its use; the userfaultfd puts nothing in place any more. */
  [Symbol.dispose](): void {
    this.#installer[Symbol.dispose]();
  }
}
