/**
 * A running QEMU: its process, its monitor, and how it loads a guest.
 *
 * @module
 */

export type { ChildExit } from "./child_exit.ts";
export {
  type IncomingGuest,
  type IncomingMigration,
  type IncomingOptions,
  type MigrationAddress,
  startIncoming,
} from "./incoming.ts";
export {
  findOptions,
  formatOptionValue,
  hasOption,
  parseOptionValue,
  quoteOptionValue,
} from "./qemu_arguments.ts";
export { NoAnswerError, ProgramEndedError } from "./qemu_errors.ts";
export { QmpClient } from "./qmp_client.ts";
export {
  isObject,
  type QmpEvent,
  type QmpObject,
  type QmpRefusal,
  qmpRefusal,
  textOf,
} from "./qmp_message.ts";
export { type QemuFacts, queryQemu } from "./query_qemu.ts";
export { quoteWords } from "./quote_words.ts";
export { type ListedRAMBlock, queryRAMBlocks } from "./ram_block_table.ts";
export { runProgram } from "./run_program.ts";
export { RunningQemu } from "./running_qemu.ts";
export { startQemu, type StartQemuOptions } from "./start_qemu.ts";
