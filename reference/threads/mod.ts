/**
 * Threads of every runtime.
 *
 * @module
 */

export { Thread, type ThreadPort, threadPort } from "./thread.ts";
