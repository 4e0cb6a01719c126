import type { PageRun } from "../../format/bitmap/mod.ts";
import { CHUNK } from "../work/mod.ts";
import type {
  ByteSpan,
  PageInstaller,
  PostcopyMemory,
} from "./page_installer.ts";
import type { PostcopyGeometry } from "./postcopy_geometry.ts";
import { PostcopyPages } from "./postcopy_pages.ts";

/** Pages woken without being put in place that are remembered. */
const WOKEN_MAX = 1024;

/** What a loader does without waiting: all but the reads. */
export class PostcopyWork {
  /** How the pages of the source lie in the memory. */
  readonly geometry: PostcopyGeometry;
  /** What is known of each page. */
  readonly pages: PostcopyPages;
  readonly #installer: PageInstaller;
  readonly #name: string;
  readonly #aroundPages: number;
  readonly #chunkPages: number;
  readonly #woken = new Set<number>();

  /** From `origin` of a source on; so many bytes with a fault. */
  constructor(
    memory: PostcopyMemory,
    installer: PageInstaller,
    options: { readonly origin: number; readonly faultAround: number },
  ) {
    const { pageSize, byteLength } = installer;
    const { origin, faultAround } = options;
    const fits = pageSize > 0 && byteLength % pageSize === 0 &&
      Number.isSafeInteger(origin) && origin >= 0 &&
      faultAround >= pageSize && faultAround % pageSize === 0;
    if (!fits) {
      throw new RangeError(
        `Cannot fill memory with ${memory.name}: ${byteLength} bytes from ` +
          `${origin} on, ${faultAround} a fault, expected multiples of its ` +
          `page size of ${pageSize}`,
      );
    }
    const hostPageCount = byteLength / pageSize;
    this.#name = memory.name;
    this.#installer = installer;
    this.pages = new PostcopyPages(hostPageCount);
    this.geometry = {
      origin,
      targetPageSize: memory.pageSize,
      hostPageSize: pageSize,
      hostPageCount,
      sourceLength: memory.byteLength,
    };
    this.#aroundPages = faultAround / pageSize;
    this.#chunkPages = Math.min(
      Math.max(this.#aroundPages, Math.ceil(CHUNK / pageSize)),
      Math.max(1, hostPageCount),
    );
  }

  /**
   * What to load for a fault; true or false if that can be answered at once.
   */
  takeFault(pageIndex: number): PageRun | boolean {
    const { pages } = this;
    const { pageCount } = pages;
    const isPage = Number.isInteger(pageIndex) && pageIndex >= 0 &&
      pageIndex < pageCount;
    if (!isPage) {
      throw new RangeError(
        `Cannot load page ${pageIndex} of ${this.#name}: expected 0 ` +
          `to ${pageCount - 1}`,
      );
    }
    const installer = this.#installer;
    const { pageSize } = installer;
    if (pages.isRemoved(pageIndex)) {
      return installer.zeropage(pageIndex * pageSize, pageSize) === pageSize;
    }
    if (pages.isMissing(pageIndex)) {
      const first = pageIndex - pageIndex % this.#aroundPages;
      const end = Math.min(pageCount, first + this.#aroundPages);
      return pages.takeAround(pageIndex, { first, end });
    }
    // Most likely it came between the fault and now. If it did not, whoever
    // waits comes again, and then it is loaded once more.
    if (this.#woken.delete(pageIndex)) {
      return { first: pageIndex, end: pageIndex + 1 };
    }
    if (this.#woken.size === WOKEN_MAX) this.#woken.clear();
    this.#woken.add(pageIndex);
    installer.wake(pageIndex * pageSize, pageSize);
    return true;
  }

  /**
   * Puts pages in place, of which `present` stand at the same places of `span`
   * and the others are zero. Returns the first page that it could not.
   */
  install(
    run: PageRun,
    present: readonly PageRun[],
    span: Pick<ByteSpan, "bytes" | "start">,
  ): number {
    const { pageSize } = this.#installer;
    let at = run.first;
    for (const part of present) {
      if (at < part.first) {
        at = this.#put({ first: at, end: part.first }, undefined);
        if (at < part.first) return at;
      }
      const start = span.start + (part.first - run.first) * pageSize;
      at = this.#put(part, { bytes: span.bytes, start });
      if (at < part.end) return at;
    }
    return at < run.end
      ? this.#put({ first: at, end: run.end }, undefined)
      : at;
  }

  /** Whether a host page may hold zero pages beside others. */
  get isFiner(): boolean {
    const { origin, targetPageSize, hostPageSize } = this.geometry;
    return targetPageSize % hostPageSize !== 0 || origin % hostPageSize !== 0;
  }

  /** Where a host page stands in the source. */
  offsetOf(page: number): number {
    const { origin, hostPageSize } = this.geometry;
    return origin + page * hostPageSize;
  }

  /** The target page that is just a host page, if one is. */
  targetPage(hostPage: number): number | undefined {
    const { origin, targetPageSize, hostPageSize, sourceLength } =
      this.geometry;
    const offset = origin + hostPage * hostPageSize;
    const isWhole = targetPageSize === hostPageSize &&
      offset % targetPageSize === 0 && offset + targetPageSize <= sourceLength;
    return isWhole ? offset / targetPageSize : undefined;
  }

  /**
   * Puts pages in place, but not those that were removed meanwhile. Without
   * bytes, which are from the first page on, they are zero.
   */
  #put(
    part: PageRun,
    from: Pick<ByteSpan, "bytes" | "start"> | undefined,
  ): number {
    const { pages } = this;
    const installer = this.#installer;
    const { pageSize } = installer;
    for (let first = part.first; first < part.end;) {
      const end = pages.nextRemoved(first, part.end);
      if (end > first) {
        const offset = first * pageSize;
        const length = (end - first) * pageSize;
        const done = from === undefined
          ? installer.zeropage(offset, length)
          : installer.copy(offset, {
            bytes: from.bytes,
            start: from.start + (first - part.first) * pageSize,
            length,
          });
        const settled = first + Math.floor(done / pageSize);
        pages.settle({ first, end: settled });
        if (settled < end) return settled;
      }
      first = pages.nextKept(end, part.end);
    }
    return part.end;
  }

  /**
   * The part of `bytes`, which are for the pages of `run`, that a part of the
   * run is read to; behind the end of the source it is zeroed.
   */
  targetOf(
    bytes: Uint8Array,
    { run, part }: { readonly run: PageRun; readonly part: PageRun },
  ): { readonly target: Uint8Array; readonly offset: number } {
    const { hostPageSize, origin, sourceLength } = this.geometry;
    const from = (part.first - run.first) * hostPageSize;
    const whole = bytes.subarray(from, (part.end - run.first) * hostPageSize);
    const offset = origin + part.first * hostPageSize;
    const length = Math.min(whole.length, sourceLength - offset);
    whole.fill(0, length);
    return { target: whole.subarray(0, length), offset };
  }

  /** Bytes that a load takes at most. */
  get bytesAtOnce(): number {
    return this.#chunkPages * this.geometry.hostPageSize;
  }

  /** A buffer for a load. */
  takeBuffer(): Uint8Array {
    return this.#installer.allocate(this.bytesAtOnce);
  }

  /** Gives a buffer back; nothing may write to it any more. */
  giveBuffer(buffer: Uint8Array): void {
    this.#installer.release(buffer);
  }

  /**
   * What of a run is missing and free, so many bytes at a time, if that is a
   * page or more.
   */
  *pieces(run: PageRun, byteLength = CHUNK): Generator<PageRun> {
    const most = Math.max(
      1,
      Math.min(
        this.#chunkPages,
        Math.floor(byteLength / this.geometry.hostPageSize),
      ),
    );
    for (let first = run.first;;) {
      const piece = this.pages.nextFree(
        { first, end: run.end },
        most,
      );
      if (piece === undefined) return;
      yield piece;
      first = piece.end;
    }
  }
}
