import { builtinModule } from "./builtin_module.ts";
import { mayAsk } from "../work/mod.ts";

/**
 * Returns the user whose rights this process has; undefined if there are no
 * users, or the runtime may not ask.
 */
export function ownUser(): number | undefined {
  if (!mayAsk({ name: "sys", kind: "uid" })) return undefined;
  const use = { what: "users", action: "ask for the user" };
  return builtinModule("node:process", use).geteuid?.();
}
