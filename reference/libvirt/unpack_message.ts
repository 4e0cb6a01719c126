/** Messages of the unpacking thread. */
export type FromUnpacker =
  | { readonly kind: "unpacked"; readonly bytes: Uint8Array }
  /** Requests the next piece. */
  | { readonly kind: "wants" }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };

/** Messages to the unpacking thread. */
export type ToUnpacker =
  /** A piece; undefined at the end. */
  | { readonly kind: "packed"; readonly bytes: Uint8Array | undefined }
  /** The consumer has taken the unpacked piece. */
  | { readonly kind: "taken" };
