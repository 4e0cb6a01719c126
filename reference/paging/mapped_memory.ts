import type { SyncPostcopyMemory } from "../faulting/mod.ts";
import type { FileMapping } from "../linux/mod.ts";

/** Returns a memory whose pages are in a mapped file, from `pagesOffset` on. */
export function mappedMemory<M extends SyncPostcopyMemory>(
  memory: M & { readonly idstr: string; readonly usedLength: number },
  mapping: FileMapping,
  pagesOffset: number,
): SyncPostcopyMemory & {
  readonly idstr: string;
  readonly usedLength: number;
} {
  const { idstr, usedLength, name, byteLength, pageSize, hasPageSync } = memory;
  return {
    idstr,
    usedLength,
    name,
    byteLength,
    pageSize,
    presentRuns: (options) => memory.presentRuns(options),
    readInto: (target, offset, options) =>
      memory.readInto(target, offset, options),
    presentRunsSync: (options) => memory.presentRunsSync(options),
    readIntoSync: (target, offset) => memory.readIntoSync(target, offset),
    ...(hasPageSync === undefined ? {} : {
      hasPageSync: (page: number) => hasPageSync.call(memory, page),
    }),
    viewSync: (offset, length) =>
      offset + length <= byteLength
        ? mapping.view(pagesOffset + offset, length)
        : undefined,
  };
}
