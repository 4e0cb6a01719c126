import type { ByteRange } from "../../format/mod.ts";
import { describeStatus, type HttpClient } from "./http_client.ts";

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
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw client.error(
      ranges,
      `the server answered Content-Encoding ${encoding}, expected the file ` +
        "as it is: switch compression off for it",
    );
  }
}
