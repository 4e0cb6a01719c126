/**
 * Imports a module of the command line when there is use for it, by its path
 * from the file that asks. Deno reads all files whose names stand in an
 * `import()` before it starts the program, and what they import in turn.
 *
 * @example
 * ```ts
 * import { importLate } from "./import_late.ts";
 *
 * type Version = typeof import("./version.ts");
 *
 * async function version(): Promise<string> {
 *   const { VERSION } = await importLate<Version>(
 *     "./version.ts",
 *     import.meta.url,
 *   );
 *   return VERSION;
 * }
 * ```
 */
export function importLate<Module>(
  path: string,
  base: string,
): Promise<Module> {
  return import(new URL(path, base).href);
}
