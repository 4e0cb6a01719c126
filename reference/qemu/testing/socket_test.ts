import { test } from "node:test";
import { denoSockets } from "../../sockets/deno_sockets.ts";
import { nodeSockets } from "../../sockets/node_sockets.ts";
import type { RuntimeSockets } from "../../sockets/runtime_sockets.ts";

/** A test of each kind of socket that this runtime has: Deno has two. */
export function socketTest(
  name: string,
  body: (sockets: RuntimeSockets) => Promise<void>,
): void {
  for (const sockets of [denoSockets(), nodeSockets()]) {
    if (sockets === undefined) continue;
    test(`${name}: ${sockets.name}`, () => body(sockets));
  }
}
