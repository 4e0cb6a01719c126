import { didYouMean, listed } from "../program/did_you_mean.ts";

/** Capabilities of QEMU that exclude pages at fixed places, with the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  "background-snapshot":
    "it stores pages without their bits, and the file reads as zeros",
  "compress": "a compressed page has no fixed size, and no fixed place",
  "multifd-compression":
    "a compressed page has no fixed size, and no fixed place",
  "postcopy-ram": "the guest would run elsewhere before its pages are saved",
  "return-path": "a file cannot send answers",
  "tls": "an encrypted stream has no fixed places",
  "x-ignore-shared": "the shared RAM would not be in the file",
  "xbzrle": "a difference to an older page has no fixed place",
};

/** Capabilities that are implied, or change nothing in the file. */
export const ACCEPTED_CAPABILITIES: readonly string[] = [
  "auto-converge",
  "direct-io",
  "events",
  "mapped-ram",
  "multifd",
];

/**
 * Checks that capabilities are compatible with mapped-ram.
 *
 * @throws {RangeError} if one is incompatible or unknown; the message names it
 */
export function checkCapabilities(names: readonly string[]): void {
  for (const name of names) {
    if (ACCEPTED_CAPABILITIES.includes(name)) continue;
    const reason = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
    throw new RangeError(
      `Cannot save with the capability ${JSON.stringify(name)}: ` +
        (reason ??
          `it is unknown${didYouMean(name, ACCEPTED_CAPABILITIES)}, expected ` +
            listed(ACCEPTED_CAPABILITIES)),
    );
  }
}
