import { setTimeout as sleep } from "node:timers/promises";

/**
 * Resolves when a server answers at a URL, whatever it answers; rejects after a
 * minute. `name` is its name in the error.
 */
export async function waitForServer(url: string, name: string): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt++) {
    try {
      await (await fetch(url)).body?.cancel();
      return;
    } catch {
      await sleep(20);
    }
  }
  throw new Error(`${name} does not answer at ${url}`);
}
