import { SourceError } from "../../../mod.ts";

/** The first version that reports on its monitor why it refuses a guest. */
const TELLS_MONITOR = 11;

/** QEMU's error for the state of an unknown device, by version. */
export function unknownSection(version: string, idstr = ""): string {
  const words = tellsMonitor(version)
    ? "Unknown section or instance"
    : "Unknown savevm section or instance";
  return idstr === "" ? words : `${words} '${idstr}' 0`;
}

/**
 * A pattern of the same error during postcopy: since QEMU 11, its page thread
 * often reports first that the load has failed.
 */
export function unknownSectionByPostcopy(version: string, idstr = ""): string {
  const words = unknownSection(version, idstr);
  return tellsMonitor(version)
    ? `(${words}|loadvm failed during postcopy: )`
    : words;
}

/** A QEMU that should refuse a guest. */
interface Refusing extends AsyncDisposable {
  readonly qmp: { readonly version: string };
  readonly stderr: string;
}

/**
 * The reason for which QEMU refused a guest: from the monitor or, for older
 * versions, from the standard error of the ended QEMU. Rejects if QEMU accepts
 * the guest.
 */
export async function refusalWords(
  qemu: Refusing,
  guest: Promise<unknown>,
): Promise<string> {
  const error = await guest.then(() => undefined, (error) => error);
  if (!(error instanceof SourceError)) {
    throw error ?? new Error("QEMU has accepted the guest");
  }
  if (tellsMonitor(qemu.qmp.version)) return error.message;
  await qemu[Symbol.asyncDispose]();
  return qemu.stderr;
}

function tellsMonitor(version: string): boolean {
  return Number.parseInt(version) >= TELLS_MONITOR;
}
