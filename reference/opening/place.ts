import type { ByteSource, SyncByteSource } from "../sources/mod.ts";
import type { Qcow2Source } from "../qcow2/mod.ts";
import type { VerifiedSource } from "../verity/mod.ts";
import type { Transfer } from "./opened_files.ts";

/** Where the bytes of an input are. Plain values, to pass to another thread. */
export interface Place {
  /** Path or URL of a file. */
  readonly file: string;
  /** What to check it against. Default: nothing is checked. */
  readonly verity?: PlaceVerity | undefined;
  /**
   * Where backing files of a qcow2 image may be besides its folder: paths of
   * folders or files, or URLs. Default: nowhere.
   */
  readonly allowBacking?: readonly string[] | undefined;
  /**
   * Whether to take the bytes of a qcow2 image as they are. A flat image of
   * memory needs that: a guest may have written any bytes there. Default: false.
   */
  readonly asIs?: boolean | undefined;
}

/** A digest, and where the hashes are that agree with it. */
export interface PlaceVerity {
  /** Digest of the file or, if it is a qcow2 image, of the file packed in it. */
  readonly digest: string;
  /** Path or URL of the sidecar. */
  readonly tree: string;
}

/** An input, and all files that it consists of. */
export interface OpenedPlace extends Disposable {
  /** The bytes: those of the disk if the file is a qcow2 image. */
  readonly source: ByteSource;
  /** What checks the source if anything does: it itself, or the image. */
  readonly verified: VerifiedSource | undefined;
  /** The disk if the file is a qcow2 image. */
  readonly disk: Qcow2Source | undefined;
  /** Paths of all local files of the input. */
  readonly paths: readonly string[];
  /** Requests and bytes of URLs so far; undefined if there are only files. */
  readonly transfer: () => Transfer | undefined;
}

/** A local input, which can also be read synchronously. */
export interface LocalPlace extends Disposable {
  /** The bytes: those of the disk if the file is a qcow2 image. */
  readonly source: SyncByteSource;
}
