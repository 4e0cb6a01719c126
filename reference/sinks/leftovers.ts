import { fileError } from "../local/file_error.ts";
import { nodeFs } from "../local/local_file.ts";
import { SourceError } from "../sources/source_error.ts";
import { findPartials } from "./partial_file.ts";

/**
 * Takes over what a process left of `target` when it was killed: it is renamed to
 * `own`, which only one can do.
 *
 * @throws {SourceError} if nothing was left, or somebody is at it
 */
export function claimLeftover(
  target: string,
  { name, own }: { readonly name: string; readonly own: string },
): void {
  const fs = nodeFs();
  const partials = findPartials(target);
  refuseLiving(partials, name);
  const [largest] = partials
    .map(({ path }) => ({ path, size: allocated(path) }))
    .toSorted((a, b) => b.size - a.size);
  if (largest === undefined) {
    throw new SourceError(
      name,
      `Cannot resume ${
        JSON.stringify(name)
      }: there is no unfinished file of it`,
    );
  }
  try {
    fs.renameSync(largest.path, own);
  } catch (error) {
    throw fileError("resume", name, error);
  }
}

/**
 * Removes what was left of `target`, all but `own`.
 *
 * @throws {SourceError} if another process is writing it, or one stays
 */
export function removeLeftovers(
  target: string,
  { name, own }: { readonly name: string; readonly own: string },
): void {
  const others = findPartials(target).filter(({ path }) => !isSame(path, own));
  refuseLiving(others, name);
  try {
    for (const { path } of others) nodeFs().rmSync(path, { force: true });
  } catch (error) {
    throw fileError("write", name, error);
  }
}

function refuseLiving(
  partials: ReturnType<typeof findPartials>,
  name: string,
): void {
  const living = partials.find(({ alive }) => alive);
  if (living === undefined) return;
  throw new SourceError(
    name,
    `Cannot write ${JSON.stringify(name)}: process ${living.pid} is writing ` +
      `it; if there is none, remove ${JSON.stringify(living.path)}`,
  );
}

/** Whether two paths in one folder are the same; `./a` is `a`. */
function isSame(one: string, other: string): boolean {
  return lastPart(one) === lastPart(other);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function allocated(path: string): number {
  const stat = nodeFs().statSync(path, { throwIfNoEntry: false });
  return stat?.blocks ?? 0;
}
