import type { Walk } from "../../format/bytes/mod.ts";
import {
  isQcow2,
  type Qcow2Backing,
  type Qcow2Header,
  type Qcow2Tables,
  readQcow2Tables,
} from "../../format/qcow2/mod.ts";
import { FormatError, UnsupportedError } from "../../format/rules/mod.ts";
import type { ByteSource } from "../sources/mod.ts";

/** Maximum images of a chain, as in libvirt. */
const CHAIN_MAX = 200;

/** Maximum bytes of all L1 tables of a chain; that of one may be 32 MiB. */
const L1_LENGTH_MAX = 0x4000000;

/** Formats of backing files. */
const FORMATS = ["qcow2", "raw"];

/** An image of a chain. */
export interface ChainedImage<S extends ByteSource> {
  readonly source: S;
  readonly header: Qcow2Header;
  readonly tables: Qcow2Tables;
  /** Its number, from 0 for the image that is opened. */
  readonly index: number;
}

/** An image and its backing files, as they are opened one after the other. */
export class ImageChain<S extends ByteSource> {
  readonly #images: ChainedImage<S>[] = [];
  readonly #sources: S[];
  /** Bytes of the L1 tables so far, which all stay in memory. */
  #l1Length = 0;
  /** The last backing file, if it is not an image. */
  #raw: S | undefined;

  /** Starts with an image. */
  constructor(image: S) {
    this.#sources = [image];
  }

  /** Reads the header and the L1 table of the next image. */
  *read(source: S): Walk<Qcow2Header> {
    const tables = yield* readQcow2Tables(source);
    const { header } = tables;
    this.#images.push({ source, header, tables, index: this.#images.length });
    this.#l1Length += tables.l1.length;
    if (this.#l1Length <= L1_LENGTH_MAX) return header;
    throw new UnsupportedError(source.name, {
      rule: "qcow2-l1-table",
      feature: `L1 tables of more than ${L1_LENGTH_MAX} bytes in a chain`,
      offset: header.l1Offset,
      found: `an L1 table of ${tables.l1.length} bytes, the last of ` +
        `${this.#l1Length} in ${this.#images.length} images`,
      expected: `at most ${L1_LENGTH_MAX} in a chain; qemu-img convert makes ` +
        "one image of it, with larger clusters",
    });
  }

  /** Refuses a backing file of an unknown format, or one too many. */
  check(source: S, { name, format, offset }: Qcow2Backing): void {
    if (format !== undefined && !FORMATS.includes(format)) {
      throw new UnsupportedError(source.name, {
        rule: "qcow2-backing-format",
        feature: `a backing file of the format ${JSON.stringify(format)}`,
        offset,
        found: `the backing file ${JSON.stringify(name)} of the format ` +
          JSON.stringify(format),
        expected: `"qcow2" or "raw"`,
      });
    }
    if (this.#images.length < CHAIN_MAX) return;
    throw new UnsupportedError(source.name, {
      rule: "qcow2-chain",
      feature: `a chain of more than ${CHAIN_MAX} images`,
      offset,
      found: `the backing file ${
        JSON.stringify(name)
      } after ${CHAIN_MAX} images`,
      expected: "none",
    });
  }

  /** Adds the backing file of the last image. */
  add(source: S): void {
    const isLoop = this.#sources.includes(source);
    const { source: last, header } = this.#images[this.#images.length - 1];
    if (isLoop) throw loopError(last, header.backing);
    this.#sources.push(source);
  }

  /**
   * Whether a backing file is an image: by its format or, if none is named, by
   * its first bytes.
   */
  *probe(source: S): Walk<boolean> {
    const { header } = this.#images[this.#images.length - 1];
    const format = header.backing?.format;
    if (format === "qcow2") return true;
    if (format === "raw") return this.#isRaw(source);
    const length = Math.min(4, source.byteLength);
    return isQcow2(yield { offset: 0, length }) || this.#isRaw(source);
  }

  #isRaw(source: S): false {
    this.#raw = source;
    return false;
  }

  /**
   * Makes a disk of each image, from the last one on, each with the one below;
   * returns the first, which closes all backing files.
   */
  join<D extends S>(
    make: (
      image: ChainedImage<S>,
      below: S | undefined,
      close: () => void,
    ) => D,
  ): D {
    // What opening has read is not needed any more.
    const [top, ...others] = this.#images.splice(0);
    let below = this.#raw;
    for (const image of others.toReversed()) {
      below = make(image, below, () => {});
    }
    return make(top, below, () => this.close());
  }

  /** Closes the backing files, as far as they can be closed. */
  close(): void {
    for (const source of this.#sources.slice(1)) closeSource(source);
  }
}

/** Closes a source that can be closed. */
export function closeSource(source: ByteSource): void {
  if (isDisposable(source)) source[Symbol.dispose]();
}

function isDisposable(source: object): source is Disposable {
  return Symbol.dispose in source &&
    typeof source[Symbol.dispose] === "function";
}

/** Makes the error of an image whose backing file is in the chain already. */
export function loopError(
  image: ByteSource,
  backing: Qcow2Backing | undefined,
): FormatError {
  return new FormatError(image.name, {
    rule: "qcow2-chain",
    offset: backing?.offset ?? 0,
    found: `the backing file ${JSON.stringify(backing?.name)}, which is in ` +
      "the chain already",
    expected: "another file",
  });
}
