import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

/** A JSON object from an untrusted program. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Members that a program may leave out of an object. */
const OPTIONAL: readonly string[] = ["streamSha256", "rule", "offset"];
/** The end of the name of a member that has the SHA-256 of another. */
const HASH = "Sha256";
const SHOWN_MAX = 120;
/** Characters shown before the place where two values differ. */
const SHOWN_BEFORE = 40;

/**
 * Returns the differences between the members of two values as text, each by
 * the path of the innermost member that differs.
 */
export function differences(
  path: string,
  found: unknown,
  expected: unknown,
): string[] {
  if (isDeepStrictEqual(found, expected)) return [];
  if (isJsonObject(found) && isJsonObject(expected)) {
    return memberDifferences(path, found, expected);
  }
  if (
    Array.isArray(found) && Array.isArray(expected) &&
    found.length === expected.length && expected.every(isJsonObject)
  ) {
    return expected.flatMap((it, index) =>
      differences(`${path}[${index}]`, found[index], it)
    );
  }
  return [`${path} is ${showPair(found, expected)}`];
}

function memberDifferences(
  path: string,
  found: JsonObject,
  expected: JsonObject,
): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const given = found[name];
    if (given === undefined) {
      if (OPTIONAL.includes(name)) return [];
      const other = inOtherForm(name, { found, value });
      if (other !== undefined) {
        return other.isSame ? [] : [`${path}.${other.name} is another text`];
      }
    }
    return differences(`${path}.${name}`, given, value);
  });
}

/** Compares a text with the SHA-256 of one, where a program gives the other. */
function inOtherForm(
  name: string,
  { found, value }: { readonly found: JsonObject; readonly value: unknown },
): { readonly name: string; readonly isSame: boolean } | undefined {
  const isHash = name.endsWith(HASH);
  const other = isHash ? name.slice(0, -HASH.length) : `${name}${HASH}`;
  const given = found[other];
  if (typeof given !== "string" || typeof value !== "string") return undefined;
  const isSame = isHash ? sha256(given) === value : given === sha256(value);
  return { name: other, isSame };
}

function sha256(text: string): string {
  return createHash("sha256").update(Buffer.from(text)).digest("hex");
}

/** Formats a value, shortened if it is long. */
export function show(value: unknown): string {
  return shorten(textOf(value), 0);
}

/** Formats two values around the first place where they differ. */
function showPair(found: unknown, expected: unknown): string {
  const [a, b] = [textOf(found), textOf(expected)];
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const from = at < SHOWN_MAX - SHOWN_BEFORE ? 0 : at - SHOWN_BEFORE;
  return `${shorten(a, from)}, expected ${shorten(b, from)}`;
}

function shorten(text: string, from: number): string {
  const rest = text.slice(from);
  const shown = rest.length > SHOWN_MAX
    ? `${rest.slice(0, SHOWN_MAX - 3)}...`
    : rest;
  return from > 0 ? `...${shown}` : shown;
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "missing";
}
