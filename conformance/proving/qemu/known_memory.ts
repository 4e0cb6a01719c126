/** Reproducible memory contents, each described in one line. */
export interface KnownContent {
  readonly bytes: Uint8Array;
  /** A description of how to generate the bytes. */
  readonly about: string;
}

/** Pages of text that identify themselves, easy to find in a hex dump. */
export function textPages(
  title: string,
  range: { readonly first: number; readonly count: number },
  pageSize = 4096,
): KnownContent {
  const bytes = new Uint8Array(range.count * pageSize);
  for (let index = 0; index < range.count; index++) {
    const line = `${title} page ${range.first + index}\n`;
    bytes.set(
      new TextEncoder().encode(
        line.repeat(Math.ceil(pageSize / line.length)).slice(0, pageSize),
      ),
      index * pageSize,
    );
  }
  return {
    bytes,
    about: `${range.count} pages of ${pageSize} bytes: page i is the line ` +
      `"${title} page N\\n" with N = ${range.first} + i, repeated and cut`,
  };
}

/** Incompressible bytes: xorshift32, as little-endian words. */
export function randomBytes(length: number, seed: number): KnownContent {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return {
    bytes: new Uint8Array(words.buffer, 0, length),
    about: `${length} bytes: the states of xorshift32 (13, 17, 5) after the ` +
      `seed ${seed}, each as a little-endian 32-bit word`,
  };
}

/** One value, repeated. */
export function filled(length: number, value: number): KnownContent {
  return {
    bytes: new Uint8Array(length).fill(value),
    about: `${length} bytes of 0x${value.toString(16).padStart(2, "0")}`,
  };
}

/** Zeros except for the last byte: a zero scan that stops early misses it. */
export function lastByteOnly(length: number): KnownContent {
  const bytes = new Uint8Array(length);
  bytes[length - 1] = 1;
  return { bytes, about: `${length - 1} bytes of 0x00, then one of 0x01` };
}
