/**
 * Returns the URL of the entry module of a thread or process. `path` is
 * relative to the module at `base`, the caller's `import.meta.url`. If that is
 * JavaScript, it is in a bundle, and the entry is a `.js` file of that name in
 * its folder.
 *
 * @example
 * ```ts
 * import { entryUrl } from "./entry_url.ts";
 *
 * const path = "../workers/lane_worker.ts";
 * console.log(entryUrl(path, "file:///reference/work/x.ts").pathname);
 * // "/reference/workers/lane_worker.ts"
 * console.log(entryUrl(path, "file:///bundle/chunk-1.js").pathname);
 * // "/bundle/lane_worker.js"
 * ```
 */
export function entryUrl(path: string, base: string): URL {
  const url = new URL(path, base);
  if (new URL(base).pathname.endsWith(".ts")) return url;
  const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  return new URL(name.replace(/\.ts$/, ".js"), base);
}
