import type { HttpAnswer } from "./http_answer.ts";

/** Maximum bytes of a body that are searched for a code and a message. */
const BODY_MAX = 0x2000;
/** Maximum length of a code or a message that is shown, in characters. */
const SHOWN_MAX = 200;

const XML = /^(?:application|text)\/xml\b/i;

/**
 * Returns the status of a response, and the code and message of the body with
 * which object stores explain it: `404 Not Found (NoSuchKey: The specified key
 * does not exist)`. The other elements of the body repeat parts of the request.
 */
export async function answeredStatus(answer: HttpAnswer): Promise<string> {
  const { status, statusText, headers } = answer.response;
  const line = `${status} ${statusText}`.trim();
  if (!XML.test(headers.get("content-type") ?? "")) return line;
  const body = await startOf(answer);
  const reasons = ["Code", "Message"].map((name) => textOf(body, name))
    .filter((text) => text !== "");
  return reasons.length === 0 ? line : `${line} (${reasons.join(": ")})`;
}

async function startOf(answer: HttpAnswer): Promise<string> {
  const start = new Uint8Array(BODY_MAX);
  let length = 0;
  await answer.readWhile((chunk) => {
    const bytes = chunk.subarray(0, BODY_MAX - length);
    start.set(bytes, length);
    length += bytes.length;
    return Promise.resolve(length < BODY_MAX);
  });
  return new TextDecoder().decode(start.subarray(0, length));
}

/**
 * Returns the text of the first element of a name, on one line. A long text ends
 * with a whole word, so that a secret in it is recognized and removed.
 */
function textOf(xml: string, name: string): string {
  const [, text = ""] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ??
    [];
  const line = text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi,
    character,
  )
    .replace(/[\s\p{C}]+/gu, " ").trim();
  return line.length > SHOWN_MAX
    ? line.slice(0, SHOWN_MAX).replace(/\S*$/, "…")
    : line.replace(/\.$/, "");
}

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  quot: '"',
};

function character(
  reference: string,
  hex: string | undefined,
  decimal: string | undefined,
  name: string | undefined,
): string {
  if (name !== undefined) return NAMED[name] ?? reference;
  const code = Number(hex === undefined ? decimal : `0x${hex}`);
  return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
}
