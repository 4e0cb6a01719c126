import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  causeWithoutSecrets,
  shownName,
  withoutSecrets,
} from "./shown_name.ts";

/**
 * Bytes could not be read or written: the file is gone, too short, not
 * permitted, the disk is full. It says nothing about the format; another try
 * may succeed.
 */
export class SourceError extends Error {
  /** Names the class, as `Error.name` does. */
  override readonly name = "SourceError";
  /** Name of the source or the sink. */
  readonly source: string;
  /** The bytes that were wanted or being written, where it was about some. */
  readonly range: ByteRange | undefined;
  /** Whether the source is another version than was opened: no try will do. */
  readonly changed: boolean;

  /**
   * Says what could not be done to which source: `Cannot open "x": …`. Of a URL,
   * none of these has the user, the password and the values of the query, nor
   * has the cause.
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
