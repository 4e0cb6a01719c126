import { UsageError } from "../program/usage_error.ts";

/** QEMU's aliases for its newest machine of each kind; no file contains one. */
const ALIASES: Readonly<Record<string, string>> = {
  "pc": "pc-i440fx-10.0",
  "q35": "pc-q35-10.0",
  "pseries": "pseries-10.0",
  "powernv": "powernv10",
  "s390-ccw-virtio": "s390-ccw-virtio-10.0",
};

/**
 * Refuses an alias as the machine type of a new file: QEMU compares the full
 * name and would not load it.
 */
export function checkMachineName(name: string | undefined): void {
  if (name === undefined || !Object.hasOwn(ALIASES, name)) return;
  throw new UsageError(
    `Cannot use ${JSON.stringify(name)} as --machine: it is an alias, and no ` +
      "QEMU loads a file of that name; expected the full name, such as " +
      `${ALIASES[name]} (-machine help lists them)`,
  );
}
