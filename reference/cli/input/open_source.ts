import { sourceAddress } from "../../inputs/mod.ts";
import type { FileSourceOptions } from "../../local/mod.ts";
import {
  type ByteSource,
  cachedSource,
  type ReadOptions,
} from "../../sources/mod.ts";
import type { VerifiedSource } from "../../verity/mod.ts";
import { type BareSource, openBare } from "./open_bare.ts";
import type { Verity } from "./verity_options.ts";

/** A source that a command opened. */
export interface OpenedSource extends BareSource {
  /** The source, if it checks what it reads. */
  readonly verified: VerifiedSource | undefined;
}

/** Options of opening a source. */
export interface OpenSourceOptions extends ReadOptions, FileSourceOptions {
  /** What to check it against. Default: it is not checked. */
  readonly verity?: Verity | undefined;
}

/** Opens a path, or a URL with a cache; checks what is read, if requested. */
export async function openSource(
  path: string,
  { verity, ...options }: OpenSourceOptions = {},
): Promise<OpenedSource> {
  if (verity !== undefined) {
    const { openVerified } = await import("./open_verified.ts");
    return await openVerified(path, { ...options, verity });
  }
  const { source, ...opened } = await openBare(path, options);
  const isRemote = opened.transfer() !== undefined;
  return {
    source: await diskIn(path, isRemote ? cachedSource(source) : source),
    verified: undefined,
    ...opened,
  };
}

/** Returns the disk in a qcow2 image, or the file if it is another one. */
async function diskIn(path: string, file: ByteSource): Promise<ByteSource> {
  const start = new Uint8Array(Math.min(8, file.byteLength));
  await file.readInto(start, 0);
  const { isQcow2 } = await import("../../../format/qcow2/mod.ts");
  if (!isQcow2(start)) return file;
  const { openBackingFiles, openQcow2 } = await import("../../qcow2/mod.ts");
  const open = async (it: string | URL) =>
    (await openBare(String(it), {})).source;
  const openBacking = openBackingFiles(sourceAddress(path), { open });
  return await openQcow2(file, { openBacking });
}
