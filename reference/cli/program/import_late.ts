/**
 * What imports modules when there is use for them, by their paths from the file
 * at `base`. Deno reads all files whose names stand in an `import()` before it
 * starts the program, and what they import in turn.
 *
 * @example
 * ```ts
 * import { importLate } from "./import_late.ts";
 *
 * const load = importLate(import.meta.url);
 *
 * async function version(): Promise<string> {
 *   const { VERSION } = await load<typeof import("./version.ts")>(
 *     "./version.ts",
 *   );
 *   return VERSION;
 * }
 * ```
 */
export function importLate(
  base: string,
): <Module>(path: string) => Promise<Module> {
  return (path) => import(new URL(path, base).href);
}
