import { type ByteRange, rangeEnd } from "../../format/mod.ts";
import type { BodyPart } from "./http_answer.ts";
import { describeStatus, type HttpClient } from "./http_client.ts";

/**
 * Codings that leave a file as it is. S3 says that of the last upload, of which
 * it keeps what was in the chunks: `aws-chunked`, or nothing.
 */
const PLAIN: ReadonlySet<string> = new Set(["", "identity", "aws-chunked"]);

/** Refuses every answer but 206 of the file as it is. */
export function checkPartial(
  client: HttpClient,
  ranges: readonly ByteRange[],
  response: Response,
): void {
  const { status, headers } = response;
  if (status === 200) {
    throw client.error(
      ranges,
      "the server answered 200 with the whole file, expected 206: switch on " +
        "Range requests for it (Accept-Ranges: bytes) and compression off",
    );
  }
  if (status !== 206) {
    throw client.error(
      ranges,
      `the server answered ${describeStatus(response)}, expected 206`,
    );
  }
  const encoding = headers.get("content-encoding") ?? "";
  if (encoding.split(",").every((it) => PLAIN.has(it.trim().toLowerCase()))) {
    return;
  }
  throw client.error(
    ranges,
    `the server answered Content-Encoding ${encoding}, expected the file ` +
      "as it is: switch compression off for it",
  );
}

/** Most bytes before the range that was asked for that are read and dropped. */
const SKIP_MAX = 0x1000000;

/**
 * What of a body that has the range `found` is of the range `wanted`, from its
 * first byte on; undefined if that is nothing. A server may answer with a part
 * of what it was asked for (RFC 9110, 15.3.7), or with whole blocks around it.
 */
export function wantedPart(
  found: ByteRange | undefined,
  wanted: ByteRange,
): BodyPart | undefined {
  if (found === undefined) return undefined;
  const skip = wanted.offset - found.offset;
  const length = Math.min(rangeEnd(found), rangeEnd(wanted)) - wanted.offset;
  if (skip < 0 || skip > SKIP_MAX || length <= 0) return undefined;
  return { skip, length, bodyLength: found.length };
}
