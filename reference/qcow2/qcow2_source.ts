import type { Qcow2Backing, Qcow2Header } from "../../format/qcow2/mod.ts";
import {
  type ByteSource,
  checkRange,
  type SourceReadOptions,
  type SyncByteSource,
} from "../sources/mod.ts";
import type { Qcow2Reads, Qcow2Work } from "./qcow2_reads.ts";
import type { UnpackCluster, UnpackClusterSync } from "./unpack_cluster.ts";

/** What a source reads from. */
export interface Qcow2Parts<Source, Unpack> {
  /** The image. */
  readonly image: Source;
  /** What holds the clusters that the image does not; undefined: zeros. */
  readonly backing: Source | undefined;
  readonly reads: Qcow2Reads;
  readonly unpack: Unpack;
}

/** The disk in a qcow2 image. */
export class Qcow2Source implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly parallelReads: number | undefined;
  /** What the header of the image says. */
  readonly header: Qcow2Header;
  readonly #parts: Qcow2Parts<ByteSource, UnpackCluster>;

  constructor(parts: Qcow2Parts<ByteSource, UnpackCluster>) {
    const { image, reads } = parts;
    this.name = image.name;
    this.byteLength = reads.header.byteLength;
    this.parallelReads = image.parallelReads;
    this.header = reads.header;
    this.#parts = parts;
  }

  /** The source that holds what the image does not. */
  get backing(): ByteSource | undefined {
    return this.#parts.backing;
  }

  checkUnchanged(): void {
    this.#parts.image.checkUnchanged?.();
    this.#parts.backing?.checkUnchanged?.();
  }

  async readInto(
    target: Uint8Array,
    offset: number,
    options: SourceReadOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    await runWork(this.#parts.reads.read(target, offset), {
      ...this.#parts,
      options: { signal: options.signal, background: options.background },
    });
  }
}

/** The disk in a qcow2 image that can also be read synchronously. */
export class SyncQcow2Source extends Qcow2Source implements SyncByteSource {
  readonly #syncParts: Qcow2Parts<SyncByteSource, UnpackClusterSync>;

  constructor(parts: Qcow2Parts<SyncByteSource, UnpackClusterSync>) {
    super(parts);
    this.#syncParts = parts;
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    checkRange(this, offset, target.length);
    runWorkSync(this.#syncParts.reads.read(target, offset), this.#syncParts);
  }
}

type AsyncParts =
  & Omit<Qcow2Parts<ByteSource, UnpackCluster>, "reads">
  & { readonly options: SourceReadOptions; readonly reads?: Qcow2Reads };

/** Does what work asks for. */
export async function runWork<T>(
  work: Qcow2Work<T>,
  { image, backing, unpack, reads, options }: AsyncParts,
): Promise<T> {
  let step = work.next();
  while (!step.done) {
    const it = step.value;
    let bytes: Uint8Array = NONE;
    switch (it.kind) {
      case "read": {
        const { request } = it;
        bytes = request.target ?? new Uint8Array(request.length);
        await image.readInto(bytes, request.offset, options);
        break;
      }
      case "backing": {
        const part = insideOf(backing, it);
        if (part.length > 0) await backing?.readInto(part, it.offset, options);
        break;
      }
      case "unpack":
        try {
          bytes = await unpack(it.packed, it.length);
        } catch (cause) {
          throw reads?.wrongCluster(it.offset, "something else", cause);
        }
    }
    step = work.next(bytes);
  }
  return step.value;
}

/** Does what work asks for, synchronously. */
export function runWorkSync<T>(
  work: Qcow2Work<T>,
  { image, backing, unpack, reads }:
    & Omit<Qcow2Parts<SyncByteSource, UnpackClusterSync>, "reads">
    & { readonly reads?: Qcow2Reads },
): T {
  let step = work.next();
  while (!step.done) {
    const it = step.value;
    let bytes: Uint8Array = NONE;
    switch (it.kind) {
      case "read": {
        const { request } = it;
        bytes = request.target ?? new Uint8Array(request.length);
        image.readIntoSync(bytes, request.offset);
        break;
      }
      case "backing": {
        const part = insideOf(backing, it);
        if (part.length > 0) backing?.readIntoSync(part, it.offset);
        break;
      }
      case "unpack":
        try {
          bytes = unpack(it.packed, it.length);
        } catch (cause) {
          throw reads?.wrongCluster(it.offset, "something else", cause);
        }
    }
    step = work.next(bytes);
  }
  return step.value;
}

const NONE = new Uint8Array(0);

/** Zeros what is past the end of the backing file; returns the rest. */
function insideOf(
  backing: ByteSource | undefined,
  { target, offset }: { readonly target: Uint8Array; readonly offset: number },
): Uint8Array {
  const length = Math.max(0, (backing?.byteLength ?? 0) - offset);
  target.fill(0, Math.min(length, target.length));
  return target.subarray(0, length);
}
