import type { PageRun } from "../../format/bitmap/mod.ts";
import { CHUNK } from "../work/mod.ts";
import type {
  ByteSpan,
  PageInstaller,
  PostcopyMemory,
} from "./page_installer.ts";
import type { PostcopyGeometry } from "./postcopy_geometry.ts";
import { PostcopyPages } from "./postcopy_pages.ts";

/** Maximum pages remembered that were woken without being put in place. */
const WOKEN_MAX = 1024;

/** The synchronous part of a loader: everything except the reads. */
export class PostcopyWork {
  /** How the pages of the source map to those of the memory. */
  readonly geometry: PostcopyGeometry;
  /** The state of each page. */
  readonly pages: PostcopyPages;
  readonly #installer: PageInstaller;
  readonly #name: string;
  readonly #aroundPages: number;
  readonly #chunkPages: number;
  readonly #woken = new Set<number>();

  /** Fills from byte `origin` of the source on, `faultAround` bytes a fault. */
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
        `Cannot fill memory from ${memory.name}: ${byteLength} bytes from ` +
          `offset ${origin}, ${faultAround} bytes a fault, expected lengths ` +
          `that are multiples of the page size ${pageSize} and an offset of 0 ` +
          "or more",
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

  /** Returns the pages that a fault puts in place, unless some are taken. */
  windowOf(pageIndex: number): PageRun {
    const first = pageIndex - pageIndex % this.#aroundPages;
    const end = Math.min(this.pages.pageCount, first + this.#aroundPages);
    return { first, end };
  }

  /**
   * Takes the pages of `window` to load for a fault. Returns a boolean, as
   * `handleFault` does, if the fault needs no load.
   */
  takeFault(
    pageIndex: number,
    window: PageRun = this.windowOf(pageIndex),
  ): PageRun | boolean {
    const { pages } = this;
    const { pageCount } = pages;
    const isPage = Number.isInteger(pageIndex) && pageIndex >= 0 &&
      pageIndex < pageCount;
    if (!isPage) {
      throw new RangeError(
        `Cannot load page ${pageIndex} of ${
          JSON.stringify(this.#name)
        }: expected 0 ` +
          `to ${pageCount - 1}`,
      );
    }
    const installer = this.#installer;
    const { pageSize } = installer;
    if (pages.isRemoved(pageIndex)) {
      return installer.zeropage(pageIndex * pageSize, pageSize) === pageSize;
    }
    if (pages.isMissing(pageIndex)) {
      return pages.takeAround(pageIndex, window);
    }
    // Most likely the page was put in place after the fault. If it was not, the
    // thread faults again, and then the page is loaded once more.
    if (this.#woken.delete(pageIndex)) {
      return { first: pageIndex, end: pageIndex + 1 };
    }
    if (this.#woken.size === WOKEN_MAX) this.#woken.clear();
    this.#woken.add(pageIndex);
    installer.wake(pageIndex * pageSize, pageSize);
    return true;
  }

  /**
   * Puts the pages of `run` in place: those in `present` from their positions
   * in `span`, the others as zeros. Returns the first page that could not be
   * put in place, else the end of `run`.
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

  /** Whether one host page may combine zero and nonzero target pages. */
  get isFiner(): boolean {
    const { origin, targetPageSize, hostPageSize } = this.geometry;
    return targetPageSize % hostPageSize !== 0 || origin % hostPageSize !== 0;
  }

  /** Returns the offset of a host page in the source. */
  offsetOf(page: number): number {
    const { origin, hostPageSize } = this.geometry;
    return origin + page * hostPageSize;
  }

  /** Returns the target page that coincides with a host page, if one does. */
  targetPage(hostPage: number): number | undefined {
    const { origin, targetPageSize, hostPageSize, sourceLength } =
      this.geometry;
    const offset = origin + hostPage * hostPageSize;
    const isWhole = targetPageSize === hostPageSize &&
      offset % targetPageSize === 0 && offset + targetPageSize <= sourceLength;
    return isWhole ? offset / targetPageSize : undefined;
  }

  /**
   * Puts pages in place, except those that were removed during the load. `from`
   * holds the bytes from the first page on; undefined puts zeros in place.
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
   * Returns the range of `bytes` to read `part` into, where `bytes` holds the
   * pages of `run`. Zeroes the range past the end of the source.
   */
  targetOf(
    bytes: Uint8Array,
    { run, part }: { readonly run: PageRun; readonly part: PageRun },
  ): { readonly target: Uint8Array; readonly offset: number } {
    const { hostPageSize, origin, sourceLength } = this.geometry;
    const from = (part.first - run.first) * hostPageSize;
    const space = bytes.subarray(from, (part.end - run.first) * hostPageSize);
    const offset = origin + part.first * hostPageSize;
    const length = Math.min(space.length, sourceLength - offset);
    space.fill(0, length);
    return { target: space.subarray(0, length), offset };
  }

  /** Maximum bytes of one load. */
  get bytesAtOnce(): number {
    return this.#chunkPages * this.geometry.hostPageSize;
  }

  /** Returns a buffer for a load. */
  takeBuffer(): Uint8Array {
    return this.#installer.allocate(this.bytesAtOnce);
  }

  /** Releases a buffer. Nothing may write to it afterwards. */
  giveBuffer(buffer: Uint8Array): void {
    this.#installer.release(buffer);
  }

  /**
   * Yields the free pages of a run in pieces of at most `byteLength` bytes, but
   * of at least one page.
   */
  *pieces(run: PageRun, byteLength = CHUNK): Generator<PageRun> {
    const maxPages = Math.max(
      1,
      Math.min(
        this.#chunkPages,
        Math.floor(byteLength / this.geometry.hostPageSize),
      ),
    );
    for (let first = run.first;;) {
      const piece = this.pages.nextFree(
        { first, end: run.end },
        maxPages,
      );
      if (piece === undefined) return;
      yield piece;
      first = piece.end;
    }
  }
}
