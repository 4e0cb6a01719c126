/**
 * Migration streams without mapped-ram, opened lazily.
 *
 * @module
 */

export { checkedXbzrle } from "./checked_xbzrle.ts";
export { driveForward, forwardReads } from "./forward_drive.ts";
export { inflatePage } from "./inflate_page.ts";
export { type PageReceiver, RecordQueue } from "./record_queue.ts";
export { refuseIgnoredRam } from "./refuse_ignored_ram.ts";
export { SequentialBlock } from "./sequential_block.ts";
export {
  sequentialOptions,
  type SequentialReadOptions,
  vmdescAfter,
} from "./sequential_options.ts";
export {
  openSequential,
  type OpenSequentialOptions,
  SequentialSnapshot,
} from "./sequential_snapshot.ts";
