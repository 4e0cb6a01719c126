/** Unpacks bytes that arrive piece by piece. */
export type Unpacker = (
  packed: AsyncIterable<Uint8Array>,
) => AsyncIterable<Uint8Array>;
