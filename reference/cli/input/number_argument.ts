import { UsageError } from "../program/usage_error.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** Parses `4096`, `0x1000`, `4K`, `1M`, `2GiB`: a whole number from 0. */
export function parseNumber(what: string, text: string): number {
  const match = /^(0x[0-9a-f]+|[0-9]+)(?:([KMGT])(?:iB)?)?$/i.exec(text);
  if (match === null) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(text)} as ${what}: expected a number such ` +
        "as 4096, 0x1000, 4K or 1M",
    );
  }
  const value = Number(match[1]) * UNITS[(match[2] ?? "").toUpperCase()];
  if (!Number.isSafeInteger(value)) {
    throw new UsageError(
      `Cannot use ${
        JSON.stringify(text)
      } as ${what}: expected at most 2^53 - 1`,
    );
  }
  return value;
}
