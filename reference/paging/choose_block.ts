/**
 * The RAMBlock whose memory is served: the one with that idstr, or without one,
 * the only one of the file.
 *
 * @throws {RangeError} if there is no such block; it names those there are
 */
export function chooseBlock<Block extends { readonly idstr: string }>(
  file: string,
  blocks: readonly Block[],
  idstr: string | undefined,
): Block {
  const found = idstr === undefined
    ? blocks.length === 1 ? blocks[0] : undefined
    : blocks.find((it) => it.idstr === idstr);
  if (found !== undefined) return found;
  const names = blocks.map((it) => JSON.stringify(it.idstr)).join(", ");
  const having = idstr === undefined
    ? "several RAMBlocks"
    : `no RAMBlock ${JSON.stringify(idstr)}`;
  throw new RangeError(
    `Cannot serve ${JSON.stringify(file)}: ` + (
      blocks.length === 0
        ? "it has no RAMBlocks"
        : `it has ${having}, expected one of ${names}`
    ),
  );
}
