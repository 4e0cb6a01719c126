/**
 * Where the module is that a thread or process starts with: `path` is relative
 * to the module at `base`, which is the `import.meta.url` of the caller. In a
 * bundle, a module of JavaScript, it is a file of that name in the same folder.
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
