import { type ReadOptions, setContentKey } from "../sources/mod.ts";
import { HttpClient, type HttpOptions } from "./http_client.ts";
import {
  checkPartial,
  contentRangeOf,
  wantedPart,
  wrongContentRange,
} from "./http_range_response.ts";
import { RangeSource } from "./http_range_source.ts";
import { type PinnedVersion, versionOf } from "./http_version.ts";

/** Bytes read and kept at opening: usually the headers and the first bitmap. */
const HEAD_LENGTH = 0x10000;

/** Requests the first bytes of a file, its size, and its version. */
export async function openRanges(
  url: string | URL,
  options: HttpOptions & ReadOptions,
): Promise<RangeSource> {
  const client = new HttpClient(url, options);
  const head = { offset: 0, length: HEAD_LENGTH };
  const opened = await client.get([head], async (answer) => {
    const { response } = answer;
    const { range, total } = contentRangeOf(response) ?? {};
    // S3 does not give the size of an empty object.
    if (response.status === 416 && (total ?? 0) === 0) {
      return { byteLength: 0, bytes: new Uint8Array(0), response };
    }
    await checkPartial(answer);
    const part = wantedPart(range, head);
    if (total === undefined || part === undefined) {
      throw wrongContentRange(
        response,
        "a range that starts at 0, and the file size",
      );
    }
    const bytes = new Uint8Array(part.length);
    await answer.readPart(part, (chunk, at) => bytes.set(chunk, at));
    return { byteLength: total, bytes, response };
  }, options.signal);
  const { byteLength, bytes, response } = opened;
  const version = { ...versionOf(response), byteLength };
  const source = new RangeSource(client, version, bytes);
  const key = contentKey(url, version, options);
  if (key !== undefined) setContentKey(source, key);
  return source;
}

/**
 * Returns what tells the bytes of a version of a URL: a weak ETag does not, and
 * another `fetch` may ask another server.
 */
function contentKey(
  url: string | URL,
  { etag }: PinnedVersion,
  { fetch }: HttpOptions,
): string | undefined {
  const isStrong = etag !== null && !etag.startsWith("W/");
  if (!isStrong || fetch !== undefined) return undefined;
  return `${new URL(url).href} ${etag}`;
}
