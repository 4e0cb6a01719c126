/** Maximum characters of a line that are examined. */
const LINE_MAX = 1000;

/** Messages that follow from any reason, which QEMU has printed before. */
const CONSEQUENCES = [
  /^load of migration failed: [^:]*$/,
  /^Cannot (talk to QEMU|execute [\w-]+): .*(closed|ended|failed)/,
  /^terminating on /,
  // The postcopy thread notices that the others have failed.
  /^error while loading state section id \d+\(ram\)$/,
  /^postcopy_ram_listen_thread: /,
  /^loadvm failed during postcopy: /,
];

/**
 * Text before a reason: from QEMU 11 on, the monitor's answer ends with the
 * reason, and nothing is printed.
 */
const PREAMBLES = [
  /^Cannot resume the guest: /,
  /^load of migration failed: [^:]*: /,
  /^post load hook failed for: configuration, version_id: \d+, minimum_version: \d+: /,
];

/**
 * Returns the reasons of a failure of QEMU: lines that it printed and answers
 * of its monitor, without duplicates and warnings. Messages that follow from
 * any reason are returned only if there are no others.
 */
export function qemuReasons(texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => text.split("\n"))
    .map((line) => withoutProgram(line.slice(0, LINE_MAX).trim()))
    .map(withoutPreambles)
    .filter((line) => line !== "" && !line.startsWith("warning:"));
  const telling = lines.filter((line) =>
    !CONSEQUENCES.some((pattern) => pattern.test(line))
  );
  return [...new Set(telling.length > 0 ? telling : lines)];
}

/** Returns a line without the name of the QEMU at its start. */
function withoutProgram(line: string): string {
  const end = line.indexOf(": ");
  const name = line.slice(0, Math.max(0, end));
  return /^[\w./-]+$/.test(name) && name.includes("qemu")
    ? line.slice(end + 2)
    : line;
}

function withoutPreambles(line: string): string {
  return PREAMBLES.reduce((rest, pattern) => rest.replace(pattern, ""), line);
}
