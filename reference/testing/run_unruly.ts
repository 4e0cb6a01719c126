import { settle } from "./stepped_memory.ts";

/** Pending operations that a test advances. */
export interface Unruly {
  readonly underWay: number;
  failing: number;
  step(): void;
}

/** Advances operations until `work` has settled and none is pending. */
export async function finish(
  unruly: Unruly,
  work: Promise<unknown>,
  each: () => void = () => {},
): Promise<void> {
  let isDone = false;
  const settled = work.finally(() => isDone = true);
  settled.catch(() => {});
  for (let idle = 0; !isDone || idle < 3;) {
    idle = unruly.underWay > 0 ? 0 : idle + 1;
    if (unruly.underWay > 0) {
      if (!isDone) each();
      unruly.step();
      await settle();
    } else await new Promise((resolve) => setTimeout(resolve));
  }
  await settled;
}

/** Waits for `opening` without failures of the unruly source or server. */
export async function opened<T>(
  unruly: Unruly,
  opening: Promise<T>,
): Promise<T> {
  const { failing } = unruly;
  unruly.failing = 0;
  await finish(unruly, opening);
  unruly.failing = failing;
  return await opening;
}
