/**
 * Migration streams without mapped-ram, opened lazily.
 *
 * @module
 */

export { SequentialBlock } from "./sequential_block.ts";
export type { SequentialReadOptions } from "./sequential_options.ts";
export type { OpenSequentialOptions } from "./sequential_snapshot.ts";
export { openSequential, SequentialSnapshot } from "./sequential_snapshot.ts";
