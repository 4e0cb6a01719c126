/** Which block to find. */
interface WantedBlock<Idstr> {
  readonly idstr: Idstr;
  /** Name of the file for the error. */
  readonly name: string;
}

/**
 * Returns the RAMBlock of an idstr.
 *
 * @throws {RangeError} if there is none; it lists those there are
 */
export function findBlock<T extends { readonly idstr: string }>(
  blocks: readonly T[],
  { idstr, name }: WantedBlock<string>,
): T {
  const block = blocks.find((it) => it.idstr === idstr);
  if (block !== undefined) return block;
  throw new RangeError(
    `Cannot find RAMBlock ${JSON.stringify(idstr)} in ` +
      `${JSON.stringify(name)}: it has ${namesOf(blocks)}`,
  );
}

/**
 * Returns the RAMBlock of an idstr, or the only one if there is no idstr.
 *
 * @throws {RangeError} if there is none, or a choice; it lists those there are
 */
export function findOnlyBlock<T extends { readonly idstr: string }>(
  blocks: readonly T[],
  { idstr, name }: WantedBlock<string | undefined>,
): T {
  if (idstr !== undefined) return findBlock(blocks, { idstr, name });
  if (blocks.length === 1) return blocks[0];
  throw new RangeError(
    `Cannot choose a RAMBlock of ${JSON.stringify(name)} without an idstr: ` +
      `it has ${namesOf(blocks)}`,
  );
}

function namesOf(blocks: readonly { readonly idstr: string }[]): string {
  return blocks.map((it) => JSON.stringify(it.idstr)).join(", ") || "none";
}
