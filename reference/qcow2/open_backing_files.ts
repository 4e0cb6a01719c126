import type { Qcow2Backing } from "../../format/qcow2/mod.ts";
import {
  type ByteSource,
  isWebUrl,
  SourceError,
  type SyncByteSource,
} from "../sources/mod.ts";
import { type Address, BackingPlaces } from "./backing_places.ts";
import { closeSource } from "./image_chain.ts";
import type { OpenBacking, OpenBackingSync } from "./open_qcow2.ts";

/** Options of {@linkcode openBackingFiles}. */
export interface BackingFilesOptions<Opened> {
  /** Opens a path, or an http or https URL. */
  readonly open: (address: Address) => Opened;
  /**
   * Where backing files may be besides the folder of the first image: paths of
   * folders or files, or URLs. Default: nowhere.
   */
  readonly allowed?: readonly string[] | undefined;
}

/**
 * Returns an `openBacking` for an image at an address. It resolves the name of a
 * backing file relative to the image that names it, as QEMU does, and opens it
 * if it is in the folder of the first image or below it, links resolved, or
 * where `allowed` says. A URL must have the same origin, and a path that starts
 * with that of the folder. The header of an image so opens no other file of this
 * machine or network.
 */
export function openBackingFiles(
  address: Address,
  { open, allowed = [] }: BackingFilesOptions<
    ByteSource | Promise<ByteSource>
  >,
): OpenBacking {
  const places = new BackingPlaces(address, allowed);
  return async (backing, image) => {
    const link = { backing, image };
    const found = places.resolve(backing, image);
    let source: ByteSource;
    try {
      source = await open(found);
    } catch (error) {
      throw explainMissing(error, link);
    }
    return checked(source, () => places.opened(source, found, link));
  };
}

/** The synchronous form of {@linkcode openBackingFiles}. */
export function openBackingFilesSync(
  address: Address,
  { open, allowed = [] }: BackingFilesOptions<SyncByteSource>,
): OpenBackingSync {
  const places = new BackingPlaces(address, allowed);
  return (backing, image) => {
    const link = { backing, image };
    const found = places.resolve(backing, image);
    let source: SyncByteSource;
    try {
      source = open(found);
    } catch (error) {
      throw explainMissing(error, link);
    }
    return checked(source, () => places.opened(source, found, link));
  };
}

/** An image, and what its header says of its backing file. */
interface BackingLink {
  readonly backing: Qcow2Backing;
  readonly image: ByteSource;
}

/** Says which image needs a file that could not be opened. */
function explainMissing(
  error: unknown,
  { backing, image }: BackingLink,
): unknown {
  // An IntegrityError is no SourceError, and stays as it is.
  if (!(error instanceof SourceError)) return error;
  const { source, message, range, changed } = error;
  const name = JSON.stringify(image.name);
  const format = backing.format === "raw" ? "raw" : "qcow2";
  const rebase = isWebUrl(image.name)
    ? ""
    : `, or name another place: qemu-img rebase -u -F ${format} -b PLACE ${name}`;
  return new SourceError(
    source,
    `${message}; it is the backing file of ${name}: put it there${rebase}`,
    { cause: error, changed, ...range === undefined ? {} : { range } },
  );
}

/** Returns a source after a check; closes it if that fails. */
function checked<S extends ByteSource>(source: S, check: () => void): S {
  try {
    check();
    return source;
  } catch (error) {
    closeSource(source);
    throw error;
  }
}
