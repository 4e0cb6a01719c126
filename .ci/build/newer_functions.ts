/**
 * Functions of the language that Node 22 has and Node 20 has not. What is built
 * calls these instead.
 *
 * @module
 */

/** Does what `Promise.withResolvers` does. */
export function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((...settle) => [resolve, reject] = settle);
  return { promise, resolve, reject };
}

/** Does what `Array.fromAsync` does with one argument. */
export async function fromAsync<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
