/** Characters of a line that are read. */
const LINE_MAX = 1000;

/** What QEMU and its monitor say whatever the reason, which they said before. */
const CONSEQUENCES = [
  /^load of migration failed: [^:]*$/,
  /^Cannot (talk to QEMU|execute [\w-]+): .*(closed|ended|failed)/,
  /^terminating on /,
  // The thread for postcopy finds that the others have given up.
  /^error while loading state section id \d+\(ram\)$/,
  /^postcopy_ram_listen_thread: /,
  /^loadvm failed during postcopy: /,
];

/**
 * What comes before a reason: from QEMU 11 on, the answer of its monitor has the
 * reason at its end, and nothing is printed.
 */
const PREAMBLES = [
  /^Cannot resume the guest: /,
  /^load of migration failed: [^:]*: /,
  /^post load hook failed for: configuration, version_id: \d+, minimum_version: \d+: /,
];

/**
 * Why QEMU did not do what it was to do: lines from what it has printed and
 * what its monitor has answered, each once, without warnings; those that follow
 * from any reason only where there are no others.
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

/** A line without the name of the QEMU that it starts with. */
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
