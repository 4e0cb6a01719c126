/**
 * Processes `items` in concurrent lanes. Each lane takes the next item in order
 * and works on one item at a time. The first failure stops all lanes; the
 * promise rejects with it when all have stopped.
 */
export async function inLanes<Item, Lane>(
  lanes: readonly Lane[],
  items: AsyncIterator<Item> | Iterator<Item>,
  work: (item: Item, lane: Lane) => Promise<void>,
): Promise<void> {
  let failed = false;
  const results = await Promise.allSettled(lanes.map(async (lane) => {
    try {
      while (!failed) {
        const { done, value } = await items.next();
        if (done) return;
        await work(value, lane);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  }));
  await items.return?.();
  for (const result of results) {
    if (result.status === "rejected") throw result.reason;
  }
}

/**
 * Makes calls take turns: each starts when the one before has ended. After one
 * that fails, all others fail with its error.
 */
export function inTurn<Args extends readonly unknown[]>(
  call: (...args: Args) => void | Promise<void>,
): (...args: Args) => Promise<void> {
  let last = Promise.resolve();
  return (...args) => last = last.then(() => call(...args));
}
