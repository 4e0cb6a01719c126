import { denoSockets } from "./deno_sockets.ts";
import { nodeSockets } from "./node_sockets.ts";
import type { RuntimeSockets } from "./runtime_sockets.ts";

/**
 * The sockets to use on this runtime.
 *
 * @throws {SourceError} where there are none
 */
export function socketsHere(): RuntimeSockets {
  return denoSockets() ?? nodeSockets();
}
