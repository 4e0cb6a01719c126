import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  causeWithoutSecrets,
  shownName,
  withoutSecrets,
} from "./shown_name.ts";

/**
 * Bytes could not be read or written: the file is missing, too short or not
 * permitted, or the disk is full. It says nothing about the format; a retry may
 * succeed.
 */
export class SourceError extends Error {
  /** Names the class, as `Error.name` does. */
  override readonly name = "SourceError";
  /** Name of the source or the sink. */
  readonly source: string;
  /** The bytes that were being read or written, if any. */
  readonly range: ByteRange | undefined;
  /** Whether the source has changed since it was opened: retrying is no use. */
  readonly changed: boolean;

  /**
   * Makes an error whose message says what failed and for which source:
   * `Cannot open "x": …`. User, password, and query values of URLs are
   * removed from the message, the source, and the cause.
   */
  constructor(
    source: string,
    message: string,
    options: ErrorOptions & {
      readonly range?: ByteRange;
      readonly changed?: boolean;
    } = {},
  ) {
    super(
      withoutSecrets(message),
      "cause" in options ? { cause: causeWithoutSecrets(options.cause) } : {},
    );
    this.source = shownName(source);
    this.range = options.range;
    this.changed = options.changed ?? false;
  }
}
