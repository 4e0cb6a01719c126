import { SourceError } from "../../../mod.ts";

/** The first version that tells its monitor why it refuses a guest. */
const TELLS_MONITOR = 11;

/** What a version of QEMU says of the state of a device that it does not have. */
export function unknownSection(version: string, idstr = ""): string {
  const words = tellsMonitor(version)
    ? "Unknown section or instance"
    : "Unknown savevm section or instance";
  return idstr === "" ? words : `${words} '${idstr}' 0`;
}

/**
 * A pattern of the same in the midst of postcopy: from QEMU 11 on, its thread
 * for pages often says first that the others have given up.
 */
export function unknownSectionByPostcopy(version: string, idstr = ""): string {
  const words = unknownSection(version, idstr);
  return tellsMonitor(version)
    ? `(${words}|loadvm failed during postcopy: )`
    : words;
}

/** A QEMU that was to take in a guest. */
interface Refusing extends AsyncDisposable {
  readonly qmp: { readonly version: string };
  readonly stderr: string;
}

/**
 * Why QEMU has refused a guest, from where its version says so: the monitor, or
 * the standard error of a QEMU that has ended. Rejects if it takes the guest in.
 */
export async function refusalWords(
  qemu: Refusing,
  guest: Promise<unknown>,
): Promise<string> {
  const error = await guest.then(() => undefined, (error) => error);
  if (!(error instanceof SourceError)) {
    throw error ?? new Error("It is taken in");
  }
  if (tellsMonitor(qemu.qmp.version)) return error.message;
  await qemu[Symbol.asyncDispose]();
  return qemu.stderr;
}

function tellsMonitor(version: string): boolean {
  return Number.parseInt(version) >= TELLS_MONITOR;
}
