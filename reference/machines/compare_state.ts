import type {
  MachineDescription,
  MachineField,
  MachineSection,
} from "./machine_description.ts";
import { inBoth, type MachineDifference } from "./machine_difference.ts";

/** Maximum number of fields named in a message. */
const NAMED_MAX = 3;

/**
 * Yields the differences between the state of a device in a snapshot and in
 * QEMU: version and fields. Optional parts are not compared, because they
 * depend on what the guest does.
 */
export function* compareState(
  section: MachineSection,
  other: MachineSection,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  const subject = `device ${section.idstr}`;
  if (section.versionId !== other.versionId) {
    const isNewer = section.versionId > other.versionId;
    yield {
      kind: isNewer ? "refused" : "note",
      subject,
      text: inBoth(`version ${section.versionId}`, other.versionId, qemu),
      remedy: isNewer
        ? "use a QEMU at least as new as the one that saved it"
        : "QEMU also loads older versions, if not too old",
    };
    return;
  }
  if (section.fields === undefined || other.fields === undefined) return;
  const missing = fieldsNotIn(section.fields, other.fields);
  const extra = fieldsNotIn(other.fields, section.fields);
  if (missing.length + extra.length === 0) return;
  const parts = [
    missing.length === 0 ? [] : `${list(missing)} only in the snapshot`,
    extra.length === 0 ? [] : `${list(extra)} only in ${qemu.name}`,
  ].flat();
  yield {
    kind: "note",
    subject,
    text: `its state has other fields: ${parts.join(", ")}; QEMU may refuse it`,
    remedy: "give it the same properties",
  };
}

/**
 * Returns the fields of `some` that `others` lacks, or has with another length.
 */
function fieldsNotIn(
  some: readonly MachineField[],
  others: readonly MachineField[],
): string[] {
  const otherKeys = new Set(others.map(keyOf));
  return some.filter((it) => !otherKeys.has(keyOf(it))).map(({ name }) => name);
}

function keyOf({ name, length }: MachineField): string {
  return `${length} ${name}`;
}

function list(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  const shown = names.slice(0, NAMED_MAX).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
