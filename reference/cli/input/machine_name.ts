import { UsageError } from "../program/usage_error.ts";

/** What QEMU calls its newest machine of a kind; no file has such a name. */
const ALIASES: Readonly<Record<string, string>> = {
  "pc": "pc-i440fx-10.0",
  "q35": "pc-q35-10.0",
  "pseries": "pseries-10.0",
  "powernv": "powernv10",
  "s390-ccw-virtio": "s390-ccw-virtio-10.0",
};

/**
 * Refuses a machine type that is written into a file and that no QEMU would take:
 * it compares the whole name, and an alias is none.
 */
export function checkMachineName(name: string | undefined): void {
  if (name === undefined || !Object.hasOwn(ALIASES, name)) return;
  throw new UsageError(
    `Cannot use ${
      JSON.stringify(name)
    } as --machine: it is an alias, which no ` +
      "QEMU loads a file of; expected the name that it stands for, such as " +
      `${ALIASES[name]} (-machine help lists them)`,
  );
}
