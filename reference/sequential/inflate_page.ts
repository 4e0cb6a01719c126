import { FormatError } from "../../format/rules/mod.ts";

/** A compressed page and its position, for errors. */
export interface CompressedPage {
  /** One zlib stream. */
  readonly data: Uint8Array;
  /** Position in the file. */
  readonly offset: number;
  readonly idstr: string;
  readonly fileName: string;
}

/**
 * Unpacks a page compressed by zlib into `target`, which it must fill exactly.
 * Stops soon after the output exceeds it.
 */
export async function inflatePage(
  page: CompressedPage,
  target: Uint8Array,
): Promise<void> {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const written = (async () => {
    await writer.write(page.data.slice());
    await writer.close();
  })();
  // Errors of the writer are reported by the reader as well.
  written.catch(() => {});
  const reader = stream.readable.getReader();
  let length = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      if (length + value.length > target.length) {
        await reader.cancel().catch(() => {});
        throw unfit(page, target, "more bytes than that");
      }
      target.set(value, length);
      length += value.length;
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw unfit(page, target, "an invalid zlib stream", error);
  }
  if (length !== target.length) throw unfit(page, target, `${length} bytes`);
}

function unfit(
  { fileName, offset, idstr }: CompressedPage,
  target: Uint8Array,
  found: string,
  cause?: unknown,
): FormatError {
  return new FormatError(fileName, {
    rule: "record-compressed",
    offset,
    idstr,
    found: `a compressed page with ${found} in it`,
    expected: `${target.length} bytes`,
  }, { cause });
}
