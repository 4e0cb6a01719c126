/** Why a request did not do what it was for. */
export abstract class RequestFailure extends Error {}

/** A failure of a request that another try may mend. */
export class PassingFailure extends RequestFailure {
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  /** `retryAfter` as above. */
  constructor(message: string, retryAfter?: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** A failure of a request that no other try mends. */
export class FinalFailure extends RequestFailure {}

/** A failure of whoever takes the bytes, the `cause`: no other try mends it. */
export class TakerFailure extends RequestFailure {
  /** `cause` is what the taker threw. */
  constructor(cause: unknown) {
    super("the bytes were not taken", { cause });
  }
}
