import type { FileSourceOptions } from "../../local/mod.ts";
import { cachedSource, type ReadOptions } from "../../sources/mod.ts";
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
    source: isRemote ? cachedSource(source) : source,
    verified: undefined,
    ...opened,
  };
}
