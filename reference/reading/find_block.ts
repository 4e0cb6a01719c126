/** The block to find. */
interface WantedBlock<Idstr> {
  readonly idstr: Idstr;
  /** Name of the file in the error. */
  readonly name: string;
}

/**
 * Returns the RAMBlock with an idstr.
 *
 * @throws {RangeError} if there is none; it lists the existing ones
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
 * Returns the RAMBlock with an idstr, or the only one if no idstr is given.
 *
 * @throws {RangeError} if there is none, or more than one without an idstr; it
 * lists the existing ones
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
