/** A permission, as Deno names it. */
interface PermissionName {
  readonly name: "sys" | "run" | "read" | "env";
  readonly kind?: string;
  readonly path?: string;
  readonly variable?: string;
}

/**
 * Whether an optional query may be made: Deno would stop and prompt the user
 * for a permission that was not granted. Other runtimes have no prompts.
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
