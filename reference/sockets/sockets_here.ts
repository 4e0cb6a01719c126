import { denoSockets } from "./deno_sockets.ts";
import { nodeSockets } from "./node_sockets.ts";
import type { RuntimeSockets } from "./runtime_sockets.ts";

/**
 * Returns the sockets of this runtime.
 *
 * @throws {SourceError} if it has none
 */
export function socketsHere(): RuntimeSockets {
  return denoSockets() ?? nodeSockets();
}
