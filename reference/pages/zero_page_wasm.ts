/**
 * The bytes of `zero_page.wat`, assembled: 207 bytes in base64.
 *
 * @module
 */

/** The module that exports `markNonZeroPages`. */
export const ZERO_PAGE_WASM =
  "AGFzbQEAAAABCQFgBH9/f38BfwIPAQNlbnYGbWVtb3J5AgABAwIBAAcUARBtYXJrTm9uWmVy" +
  "b1BhZ2VzAAAKjgEBiwEBBX8gACEFAkADQCAEIAJPDQEgBSABaiEGAkACQANAIAX9AAQAIAX9" +
  "AAQQ/VAgBf0ABCAgBf0ABDD9UP1Q/VMNASAFQcAAaiEFIAUgBkkNAAsMAQsgAyAEQQN2aiEH" +
  "IAcgBy0AAEEBIARBB3F0cjoAACAIQQFqIQgLIAYhBSAEQQFqIQQMAAsLIAgL";
