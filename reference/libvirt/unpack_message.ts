/** What the thread that unpacks says. */
export type FromUnpacker =
  | { readonly kind: "unpacked"; readonly bytes: Uint8Array }
  /** The next piece is wanted. */
  | { readonly kind: "wants" }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };

/** What it is told. */
export type ToUnpacker =
  /** A piece; undefined at the end. */
  | { readonly kind: "packed"; readonly bytes: Uint8Array | undefined }
  /** What was unpacked has been taken. */
  | { readonly kind: "taken" };
