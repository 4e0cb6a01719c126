import { denoSockets } from "../deno_sockets.ts";
import { nodeSockets } from "../node_sockets.ts";

/** All that this runtime has: Deno has two. */
export const TESTED_SOCKETS = [denoSockets(), nodeSockets()]
  .filter((it) => it !== undefined);
