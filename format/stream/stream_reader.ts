import { ByteReader } from "../bytes/byte_reader.ts";
import type { Walk, WalkedFile } from "../bytes/walk.ts";
import type { FormatError } from "../rules/errors.ts";
import { RULES } from "../rules/rules.ts";

/**
 * Receives each violation of a rule that leaves the rest of the file readable.
 * It may throw the error, or collect it.
 */
export type Report = (error: FormatError) => void;

/**
 * Throws an error that a reader must refuse the file for, and ignores others.
 */
export function refuseViolations(error: FormatError): void {
  if (RULES[error.rule].kind === "refuse") throw error;
}

/** Options of a reader of a stream. */
export interface StreamReaderOptions {
  /** Receives violations that do not stop the walk. Default: throws. */
  readonly report?: Report | undefined;
}

/**
 * Bytes read at a guessed offset: enough for an entry, or for the END of a RAM
 * section with few parts.
 */
const GUESS_LENGTH = 384;
const WINDOW_MIN = GUESS_LENGTH;
const WINDOW_MAX = 0x40000;

/**
 * A {@linkcode ByteReader} over a file that is fetched window by window. The
 * windows grow while reading is sequential, and start small again after a jump:
 * a list of RAMBlocks costs one small read each, a long run of sections a few
 * large ones.
 */
export class StreamReader extends ByteReader {
  /** Size of the file in bytes. */
  readonly fileLength: number;
  /** Receives violations of rules that do not stop the walk. */
  readonly report: Report;
  #windowLength = WINDOW_MIN;

  /** Starts at `offset` in the file. */
  constructor(
    file: WalkedFile,
    offset: number,
    { report = refuseViolations }: StreamReaderOptions = {},
  ) {
    super(file.name, new Uint8Array(0), { offset });
    this.fileLength = file.byteLength;
    this.report = report;
  }

  /**
   * Makes `length` bytes available, or all that are left. If that takes a
   * request, `guesses` may return offsets where reading may continue after it.
   */
  *fetch(length: number, guesses?: () => number[]): Walk<void> {
    if (this.available >= length) return;
    const rest = Math.max(0, this.fileLength - this.offset);
    if (this.available >= rest) return;
    const requestLength = Math.min(rest, Math.max(length, this.#windowLength));
    this.#windowLength = Math.min(WINDOW_MAX, this.#windowLength * 8);
    const { offset } = this;
    const request = { offset, length: requestLength };
    this.refill(
      yield guesses === undefined ? request : {
        ...request,
        guesses: guesses().map((offset) => ({ offset, length: GUESS_LENGTH })),
      },
      offset,
    );
  }

  /** Skips `length` bytes, which the file must contain. */
  *skip(length: number, field: string): Walk<void> {
    const { offset } = this;
    const rest = this.fileLength - offset;
    if (length > rest) {
      throw this.formatError("file-truncated", {
        offset,
        found: `${rest} bytes up to the end of the file`,
        expected: `${length} bytes of ${field}`,
      });
    }
    this.seek(offset + length);
    yield* this.fetch(1);
  }

  /** Moves to `offset`, which may be past the end of the file. */
  seek(offset: number): void {
    const distance = offset - this.offset;
    if (distance >= 0 && distance <= this.available) {
      this.advance(distance);
    } else {
      this.refill(new Uint8Array(0), offset);
      this.#windowLength = WINDOW_MIN;
    }
  }
}
