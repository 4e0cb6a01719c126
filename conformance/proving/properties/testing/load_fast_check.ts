import { loadPackage } from "../../testing/load_package.ts";

type FastCheck = typeof import("fast-check").default;

/** Loads fast-check. */
export async function loadFastCheck(): Promise<FastCheck> {
  const loaded = await loadPackage("fast-check", () => import("fast-check"));
  return loaded.default;
}
