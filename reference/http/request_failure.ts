/** A failure of a request that another try may mend. */
export class PassingFailure extends Error {
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  /** `retryAfter` as above. */
  constructor(message: string, retryAfter?: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** A failure of a request that no other try mends. */
export class FinalFailure extends Error {}

/** A failure of whoever takes the bytes, the `cause`: no other try mends it. */
export class TakerFailure extends Error {
  /** `cause` is what the taker threw. */
  constructor(cause: unknown) {
    super("the bytes were not taken", { cause });
  }
}
