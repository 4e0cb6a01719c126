import { test } from "node:test";
import {
  denoSockets,
  nodeSockets,
  type RuntimeSockets,
} from "../../sockets/mod.ts";

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
