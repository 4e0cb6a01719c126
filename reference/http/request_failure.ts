/** Reason for which a request failed. */
export abstract class RequestFailure extends Error {}

/** A temporary failure: a retry may succeed. */
export class PassingFailure extends RequestFailure {
  /** Milliseconds that the server asks the client to wait. */
  readonly retryAfter: number | undefined;

  /** Makes a failure, with the wait that the server asks for, if any. */
  constructor(message: string, retryAfter?: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** A permanent failure: a retry would not succeed. */
export class FinalFailure extends RequestFailure {}

/** The file is another version than the one that was opened or requested. */
export class ChangedFailure extends FinalFailure {}

/** A failure of the consumer of the bytes, given as `cause`; never retried. */
export class TakerFailure extends RequestFailure {
  /** Wraps the error that the consumer threw. */
  constructor(cause: unknown) {
    super("the consumer of the bytes failed", { cause });
  }
}
