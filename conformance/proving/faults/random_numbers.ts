/** Makes a seeded generator of integers from 0 to `limit` - 1. */
export function randomNumbers(seed: number): (limit: number) => number {
  // xorshift32. Similar seeds would start alike, and a state of 0 would stay 0.
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
  function next(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  }
  next();
  next();
  return (limit) => Math.floor(next() / 2 ** 32 * limit);
}
