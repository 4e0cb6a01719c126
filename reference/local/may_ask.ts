/** A permission as Deno names it. */
interface PermissionName {
  readonly name: "sys" | "run" | "read";
  readonly kind?: string;
  readonly path?: string;
}

/**
 * Whether a question that is not worth a prompt may be asked: Deno stops and asks
 * the user for a permission that it was not given. The others have none.
 */
export function mayAsk(permission: PermissionName): boolean {
  const { Deno: deno } = globalThis as {
    readonly Deno?: {
      readonly permissions: {
        querySync(permission: PermissionName): { readonly state: string };
      };
    };
  };
  if (deno === undefined) return true;
  return deno.permissions.querySync(permission).state === "granted";
}
