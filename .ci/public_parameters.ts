/**
 * Checks that public functions, constructors and methods have at most two
 * positional parameters, then `options` or a destructured object.
 *
 * @module
 */

import { execFileSync } from "node:child_process";

interface Parameter {
  /** `identifier`, `object`, `rest`, or `assign` with a default on its `left`. */
  readonly kind: string;
  readonly name?: string;
  readonly left?: Parameter;
}

/**
 * Runs `deno doc` on modules, and returns functions with too many parameters.
 */
export function findInModules(
  modules: readonly string[],
  cwd: string,
): string[] {
  const json = execFileSync("deno", ["doc", "--json", ...modules], {
    cwd,
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "ignore"],
  }).toString();
  const { nodes } = JSON.parse(json) as { readonly nodes: object };
  const found = Object.values(nodes).flatMap(({ symbols }) =>
    symbols.flatMap((symbol: { readonly name: string }) =>
      findIn(symbol, symbol.name)
    )
  );
  return [...new Set(found)].sort();
}

/** Finds functions of any kind, at any depth in a type. */
function findIn(node: unknown, name: string): string[] {
  if (typeof node !== "object" || node === null) return [];
  const { accessibility, params } = node as {
    readonly accessibility?: string;
    readonly params?: unknown;
  };
  if (accessibility === "private") return [];
  const below = Object.values(node).flatMap((it) =>
    findIn(it, nameWithin(it, name))
  );
  const isTooMany = Array.isArray(params) && params.length > 0 &&
    "kind" in params[0] && !isAllowed(params);
  return isTooMany ? [`${name}: ${params.length} parameters`, ...below] : below;
}

function nameWithin(node: unknown, name: string): string {
  const inner = (node as { readonly name?: unknown } | null)?.name;
  return typeof inner === "string" && inner !== name
    ? `${name}.${inner}`
    : name;
}

function isAllowed(params: readonly Parameter[]): boolean {
  if (params.length <= 2) return true;
  return params.length === 3 && isOptions(params[2]);
}

function isOptions({ kind, name, left }: Parameter): boolean {
  if (kind === "assign" && left !== undefined) return isOptions(left);
  return kind === "object" || name === "options";
}
