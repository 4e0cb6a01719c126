import type { Qcow2Extent, Qcow2Header } from "../../format/qcow2/mod.ts";
import type {
  ByteSource,
  ReadOptions,
  SyncByteSource,
} from "../sources/mod.ts";

/** The disk in a qcow2 image. Close it, or declare it with `using`. */
export interface Qcow2Source extends ByteSource, Disposable {
  /** Length in bytes of the disk, a multiple of 512. */
  readonly byteLength: number;
  /** The source of the image. */
  readonly image: ByteSource;
  /** What the header of the image says. */
  readonly header: Qcow2Header;
  /** The source that holds what the image does not: raw, or also of this kind. */
  readonly backing: ByteSource | undefined;
  /**
   * Finds where the bytes of the disk from `offset` on are: at most `length`, as
   * far as they are in one piece.
   *
   * @throws {FormatError} if a table breaks a rule
   */
  extent(
    offset: number,
    length: number,
    options?: ReadOptions,
  ): Promise<Qcow2Extent>;
  /** Closes the files that were opened for the image, and not the image. */
  close(): void;
}

/** The disk in a qcow2 image that can also be read synchronously. */
export interface SyncQcow2Source extends Qcow2Source, SyncByteSource {}
