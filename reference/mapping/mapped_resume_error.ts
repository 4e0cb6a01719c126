/**
 * The obstacle to mapping the RAM:
 *
 * - `file`: the snapshot is not a file that QEMU can map
 * - `digest`: the kernel does not check the file against the digest of the
 *   snapshot, and QEMU reads it itself
 * - `memory`: the guest's memory is not in blocks that can be mapped
 * - `arguments`: QEMU's arguments require another kind of memory
 * - `machine`: the machine may write to its RAM as it starts
 * - `qemu`: this QEMU cannot map at an offset, or cannot read mapped-ram
 */
export type MappedResumeReason =
  | "file"
  | "digest"
  | "memory"
  | "arguments"
  | "machine"
  | "qemu";

/**
 * A guest cannot be resumed by mapping its RAM; the message gives the reason
 * and a remedy. Resuming by postcopy may still work.
 */
export class MappedResumeError extends RangeError {
  /** Name of the class, as in `Error.name`. */
  override readonly name = "MappedResumeError";
  /** The obstacle to mapping the RAM. */
  readonly reason: MappedResumeReason;

  /** Creates an error for the RAM of `file`. */
  constructor(
    file: string,
    { reason, text }: {
      readonly reason: MappedResumeReason;
      readonly text: string;
    },
  ) {
    super(`Cannot map the RAM of ${JSON.stringify(file)}: ${text}`);
    this.reason = reason;
  }
}
