/**
 * A complete migration could not be made a snapshot. Everything received is
 * kept, because the sender may already have given up its guest.
 */
export class KeptStreamError extends Error {
  /** Name of the class, as in `Error.name`. */
  override readonly name = "KeptStreamError";
  /** Name of the sink that holds it: a sequential stream that QEMU can load. */
  readonly keptIn: string;

  /**
   * Creates an error that says why, and where the stream is kept; `cause` is
   * the original error.
   */
  constructor(
    channelName: string,
    { keptIn, cause }: { readonly keptIn: string; readonly cause: Error },
  ) {
    super(
      `Cannot make a snapshot of the migration from ${channelName}: ` +
        `${cause.message}; all of it is kept in ${JSON.stringify(keptIn)}, a ` +
        "migration stream; to load it, start a QEMU with the sender's " +
        "command line and -incoming 'exec:cat FILE'",
      { cause },
    );
    this.keptIn = keptIn;
  }
}
