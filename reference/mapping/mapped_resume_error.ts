/**
 * What stands in the way of mapping:
 *
 * - `file`: the snapshot is no file that QEMU can map
 * - `memory`: the guest's memory is not there as blocks that can be mapped
 * - `arguments`: QEMU's arguments want memory of another kind
 * - `machine`: the machine may write to its RAM as it starts, over what is mapped
 * - `qemu`: this QEMU cannot map at an offset, or cannot read mapped-ram
 */
export type MappedResumeReason =
  | "file"
  | "memory"
  | "arguments"
  | "machine"
  | "qemu";

/**
 * A guest cannot be resumed by mapping its RAM; its message says why, and what
 * to do. Resuming by postcopy may still work.
 */
export class MappedResumeError extends RangeError {
  /** Names the class, as `Error.name` does. */
  override readonly name = "MappedResumeError";
  /** What stands in the way. */
  readonly reason: MappedResumeReason;

  /** Says what stands in the way of mapping the RAM in which file. */
  constructor(reason: MappedResumeReason, file: string, text: string) {
    super(`Cannot map the RAM of ${JSON.stringify(file)}: ${text}`);
    this.reason = reason;
  }
}
