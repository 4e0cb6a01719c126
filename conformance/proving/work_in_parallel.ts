/**
 * Does `work` on each item, `jobs` at a time; the results are in the items'
 * order.
 */
export async function workInParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  { jobs }: { readonly jobs: number },
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  async function worker(): Promise<void> {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index], index);
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker));
  return results;
}
