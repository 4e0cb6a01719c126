/** A failure of a request that another try may mend. */
export class PassingFailure extends Error {
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  /** `retryAfter` as above; `cause` is what it comes from. */
  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly retryAfter?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfter = options.retryAfter;
  }
}

/** A failure of whoever takes the bytes, the `cause`: no other try mends it. */
export class TakerFailure extends Error {
  /** `cause` is what the taker threw. */
  constructor(cause: unknown) {
    super("the bytes were not taken", { cause });
  }
}
