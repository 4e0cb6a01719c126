/** Unpacks bytes that come one piece after the other. */
export type Unpacker = (
  packed: AsyncIterable<Uint8Array>,
) => AsyncIterable<Uint8Array>;
