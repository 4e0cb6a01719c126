import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { type TreeGeometry, VERITY_BLOCK } from "../../format/verity/mod.ts";
import {
  type ByteSource,
  checkRange,
  type ReadOptions,
  setOrigin,
  type SourceReadOptions,
  type SyncByteSource,
} from "../sources/mod.ts";
import {
  checkBlocks,
  checkBlocksSync,
  type DataBlocks,
} from "./check_blocks.ts";
import { hashSync, hashWithRuntime, hasSyncHash } from "../hashing/mod.ts";
import type { CheckThread } from "./check_thread.ts";
import { isOnePiece, piecesOf, wholeBlocks } from "./pieces_of.ts";
import type { Leaves, VerifiedTree } from "./verified_tree.ts";

/** Data blocks from `first` up to `end`. */
interface BlockRun {
  readonly first: number;
  readonly end: number;
}

function blockRun({ first, bytes }: DataBlocks): BlockRun {
  return { first, end: first + bytes.length / VERITY_BLOCK };
}

/** A source that checks what it hands over against a digest. */
export interface VerifiedSource extends ByteSource {
  /** The digest of the file: `sha256:…`. */
  readonly digest: string;
}

/** A verified source that can also be read synchronously. */
export interface SyncVerifiedSource extends SyncByteSource {
  /** The digest of the file: `sha256:…`. */
  readonly digest: string;
}

/** Checks blocks of one source by the hashes in another. */
export class CheckingSource<Source extends ByteSource = ByteSource>
  implements VerifiedSource {
  readonly name: string;
  readonly byteLength: number;
  readonly parallelReads: number | undefined;
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  readonly willNeed: ByteSource["willNeed"];
  readonly streamRanges: ByteSource["streamRanges"];
  readonly digest: string;
  protected readonly source: Source;
  protected readonly sidecar: Source;
  protected readonly tree: VerifiedTree;
  /** Checks a part of what is streamed. */
  #thread: CheckThread | undefined;

  constructor(
    { source, sidecar }: { readonly source: Source; readonly sidecar: Source },
    { digest, tree }: { readonly digest: string; readonly tree: VerifiedTree },
  ) {
    const { name, byteLength, parallelReads, streamRanges } = source;
    this.name = name;
    this.byteLength = byteLength;
    this.parallelReads = parallelReads;
    this.checkUnchanged = source.checkUnchanged?.bind(source);
    this.willNeed = source.willNeed?.bind(source);
    this.digest = digest;
    this.source = source;
    this.sidecar = sidecar;
    this.tree = tree;
    setOrigin(this, source);
    this.streamRanges = streamRanges === undefined
      ? undefined
      : async (ranges, take, options) => {
        this.#announce(ranges, options);
        const { CheckThread, streamVerified } = await import(
          "./verified_stream.ts"
        );
        await streamVerified(ranges, take, {
          ...options,
          source,
          file: this,
          thread: this.#thread ??= new CheckThread(name),
          leaves: (run, until) => this.#leavesAhead(run, until, options),
        });
      };
  }

  async readInto(
    target: Uint8Array,
    offset: number,
    options: SourceReadOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    try {
      // A remote source gets all at once.
      const maxBytes = (this.parallelReads ?? 1) > 1 ? Infinity : undefined;
      const guesses = options.guesses
        ?.filter((it) => rangeEnd(it) <= this.byteLength)
        .map((it) => wholeBlocks(this, it));
      const inBlocks = guesses === undefined
        ? options
        : { ...options, guesses };
      const last = guesses?.at(-1);
      const until = last && rangeEnd(last) / VERITY_BLOCK;
      for (const piece of piecesOf(this, target, { offset, maxBytes })) {
        const leaves = this.#leaves(blockRun(piece), options, until);
        const read = this.source.readInto(piece.read, piece.offset, inBlocks);
        // The target is the caller's again only when nothing writes to it.
        const [isRead, hashes] = await Promise.allSettled([read, leaves]);
        if (isRead.status === "rejected") throw isRead.reason;
        if (hashes.status === "rejected") throw hashes.reason;
        await this.#verify(piece, hashes.value);
        piece.handOver();
      }
    } catch (error) {
      target.fill(0);
      throw error;
    }
  }

  /** Where the hashes are. */
  get geometry(): TreeGeometry {
    return this.tree.geometry;
  }

  /** Checks the hashes of data blocks without the blocks. */
  async checkHashes(run: BlockRun, options?: ReadOptions): Promise<void> {
    await this.#leaves(run, options);
  }

  /** Returns hashes, and requests those of what follows, up to `until`. */
  #leavesAhead(
    { first, end }: BlockRun,
    until: number,
    options?: ReadOptions,
  ): Promise<Leaves> | Leaves {
    return this.tree.leaves(first, end) ??
      // So that it does not wait for each of them.
      this.#leaves({
        first,
        end: Math.max(end, Math.min(until, first + this.tree.window)),
      }, options);
  }

  /** Requests the hashes of ranges at once, so that their bytes do not wait. */
  #announce(ranges: readonly ByteRange[], options?: ReadOptions): void {
    let start = Infinity;
    let stop = 0;
    for (const range of ranges) {
      if (range.length === 0) continue;
      start = Math.min(start, range.offset);
      stop = Math.max(stop, rangeEnd(range));
    }
    const first = Math.floor(start / VERITY_BLOCK);
    const end = Math.ceil(stop / VERITY_BLOCK);
    if (first >= end || end - first > this.tree.window) return;
    // A check of the bytes meets the same error.
    this.#leaves({ first, end }, options).catch(() => {});
  }

  #verify(blocks: DataBlocks, leaves: Leaves): Promise<void> | void {
    return hasSyncHash
      ? checkBlocksSync(blocks, leaves, this)
      : hashWithRuntime(checkBlocks(blocks, leaves, this));
  }

  async #leaves(
    { first, end }: BlockRun,
    { signal }: ReadOptions = {},
    until = end,
  ): Promise<Leaves> {
    const kept = this.tree.leaves(first, end);
    if (kept !== undefined) return kept;
    const path = this.tree.path(first, end);
    const read = await Promise.all(path.map(async ({ wanted }, index) => {
      if (wanted === undefined) return undefined;
      const hashes = new Uint8Array(wanted.length);
      const guesses = index === 0
        ? this.tree.leafBytes(rangeEnd(wanted), until)
        : undefined;
      const options = { signal, guesses };
      await this.sidecar.readInto(hashes, wanted.offset, options);
      return hashes;
    }));
    return await hashWithRuntime(this.tree.admit(path, read));
  }
}

/** A {@linkcode CheckingSource} that can also be read synchronously. */
export class SyncCheckingSource extends CheckingSource<SyncByteSource>
  implements SyncVerifiedSource {
  readIntoSync(target: Uint8Array, offset: number): void {
    checkRange(this, offset, target.length);
    try {
      if (isOnePiece(target, offset)) {
        this.source.readIntoSync(target, offset);
        this.#checkNow({ first: offset / VERITY_BLOCK, bytes: target });
        return;
      }
      for (const piece of piecesOf(this, target, { offset })) {
        this.source.readIntoSync(piece.read, piece.offset);
        this.#checkNow(piece);
        piece.handOver();
      }
    } catch (error) {
      target.fill(0);
      throw error;
    }
  }

  #checkNow(blocks: DataBlocks): void {
    checkBlocksSync(blocks, this.#leavesSync(blocks), this);
  }

  #leavesSync(blocks: DataBlocks): Leaves {
    const { first, end } = blockRun(blocks);
    const kept = this.tree.leaves(first, end);
    if (kept !== undefined) return kept;
    const path = this.tree.path(first, end);
    const read = path.map(({ wanted }) => {
      if (wanted === undefined) return undefined;
      const hashes = new Uint8Array(wanted.length);
      this.sidecar.readIntoSync(hashes, wanted.offset);
      return hashes;
    });
    return hashSync(this.tree.admit(path, read));
  }
}
