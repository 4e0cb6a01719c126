/**
 * A migration that came whole could not be made a snapshot. All that came is kept:
 * the sender may have given its guest away by then.
 */
export class KeptStreamError extends Error {
  /** Names the class, as `Error.name` does. */
  override readonly name = "KeptStreamError";
  /** Name of the sink that holds it: a sequential stream, as QEMU loads it. */
  readonly keptIn: string;

  /** Says why, and where it is kept; `cause` is the error that was met. */
  constructor(channelName: string, keptIn: string, cause: Error) {
    super(
      `Cannot make a snapshot of what came from ${channelName}: ` +
        `${cause.message}; all of it is kept in ${JSON.stringify(keptIn)}, a ` +
        "migration stream: a QEMU with the sender's command line loads it by " +
        "-incoming 'exec:cat FILE'",
      { cause },
    );
    this.keptIn = keptIn;
  }
}
