import type { Walk, WalkedFile } from "../bytes/walk.ts";
import {
  QEMU_VM_EOF,
  QEMU_VM_VMDESCRIPTION,
  VMDESC_LENGTH_MAX,
} from "../stream/constants.ts";
import { type AcceptVmdesc, readVmdesc, type Vmdesc } from "./vmdesc.ts";

/** The EOF item, the type byte, a be32 length, and the text's opening brace. */
const HEAD_LENGTH = 1 + 1 + 4 + 1;
const OPENING_BRACE = 0x7b;
const WINDOW_MIN = 0x10000;
const WINDOW_MAX = 0xff000;
/** How far from the end of the file a vmdesc is searched for. */
const SEARCH_MAX = 0x4400000;
/** Number of texts that look like a vmdesc that are tried before giving up. */
const TRIES_MAX = 8;
/** Maximum total length of those texts. */
const TRIED_MAX = 2 * VMDESC_LENGTH_MAX;

/**
 * Finds the last vmdesc of a file, searching backwards from the end, but not
 * before `from`: pages of a guest may contain others. Those that `accepts`
 * rejects, such as one in a trailer, are skipped.
 */
export function* findLastVmdesc(
  file: WalkedFile,
  from: number,
  { accepts }: { readonly accepts?: AcceptVmdesc } = {},
): Walk<Vmdesc | undefined> {
  let tries = 0;
  let tried = 0;
  let windowLength = WINDOW_MIN;
  const searchStart = Math.max(from, file.byteLength - SEARCH_MAX);
  for (let end = file.byteLength; end > searchStart;) {
    const start = Math.max(searchStart, end - windowLength);
    // A header may cross the end of the window.
    const length = Math.min(file.byteLength, end + HEAD_LENGTH - 1) - start;
    const window = yield { offset: start, length };
    const view = new DataView(window.buffer, window.byteOffset, length);
    for (
      let at = window.lastIndexOf(OPENING_BRACE);
      at >= HEAD_LENGTH - 1;
      at = window.lastIndexOf(OPENING_BRACE, at - 1)
    ) {
      const head = at - HEAD_LENGTH + 1;
      if (
        window[head] !== QEMU_VM_EOF ||
        window[head + 1] !== QEMU_VM_VMDESCRIPTION
      ) continue;
      const textLength = view.getUint32(head + 2);
      if (textLength > VMDESC_LENGTH_MAX) continue;
      tried += textLength;
      if (tried > TRIED_MAX) return undefined;
      const vmdesc = yield* readVmdesc(file, start + head + 1);
      if (vmdesc !== undefined && (!accepts || (yield* accepts(vmdesc)))) {
        return vmdesc;
      }
      if (++tries === TRIES_MAX) return undefined;
    }
    end = start;
    windowLength = Math.min(WINDOW_MAX, 4 * windowLength);
  }
  return undefined;
}
