import type { WalkedFile } from "../bytes/mod.ts";
import { FormatError, hex, type RuleSlug } from "../rules/mod.ts";

/** Maximum bytes of tables, as in QEMU. */
const L1_LENGTH_MAX = 0x2000000;
const REFCOUNT_LENGTH_MAX = 0x800000;
const SNAPSHOTS_MAX = 0x10000;

/** Offsets of fields in the header. */
const FIELD = {
  l1Count: 36,
  l1Offset: 40,
  refcountOffset: 48,
  refcountClusters: 56,
  snapshotCount: 60,
  snapshotOffset: 64,
} as const;

/** The disk whose clusters the L1 table leads to. */
interface Disk {
  readonly size: number;
  readonly clusterBits: number;
  readonly hasSubclusters: boolean;
}

/** Where the header says that tables are. */
interface Tables {
  readonly l1: { readonly count: number; readonly offset: number };
  readonly refcounts: { readonly clusters: number; readonly offset: number };
  readonly snapshots: { readonly count: number; readonly offset: number };
}

/**
 * Checks what the header says of tables; returns how many entries of the L1
 * table the disk needs. Refcounts and internal snapshots are not read: only
 * programs that write to an image need them.
 */
export function checkTables(
  file: WalkedFile,
  { size, clusterBits, hasSubclusters }: Disk,
  { l1, refcounts, snapshots }: Tables,
): number {
  const clusterSize = 2 ** clusterBits;
  const needed = Math.ceil(
    size / clusterSize / (clusterSize / (hasSubclusters ? 16 : 8)),
  );
  const l1Max = L1_LENGTH_MAX / 8;
  const refcountMax = Math.floor(REFCOUNT_LENGTH_MAX / clusterSize);
  const check = checkIn(file);
  check("qcow2-l1-table", l1.count >= needed && l1.count <= l1Max, () => ({
    offset: FIELD.l1Count,
    found: `l1_size is ${l1.count}`,
    expected: `${needed} to ${l1Max}`,
  }));
  const isAligned = (
    rule: RuleSlug,
    position: number,
    [field, offset]: readonly [string, number],
  ) =>
    check(rule, position % clusterSize === 0, () => ({
      offset,
      found: `${field} is ${hex(position)}`,
      expected: `a multiple of ${hex(clusterSize)}`,
    }));
  isAligned("qcow2-l1-table", l1.offset, ["l1_table_offset", FIELD.l1Offset]);
  const end = l1.offset + needed * 8;
  check("qcow2-l1-table", needed === 0 || end <= file.byteLength, () => ({
    offset: FIELD.l1Offset,
    found: `an L1 table from ${hex(l1.offset)} to ${hex(end)}`,
    expected: `at most ${hex(file.byteLength)}, the file's length`,
  }));
  const { clusters } = refcounts;
  isAligned("qcow2-refcount-table", refcounts.offset, [
    "refcount_table_offset",
    FIELD.refcountOffset,
  ]);
  const hasRefcounts = clusters > 0 && clusters <= refcountMax;
  check("qcow2-refcount-table", hasRefcounts, () => ({
    offset: FIELD.refcountClusters,
    found: `refcount_table_clusters is ${clusters}`,
    expected: `1 to ${refcountMax}`,
  }));
  check("qcow2-snapshot-table", snapshots.count <= SNAPSHOTS_MAX, () => ({
    offset: FIELD.snapshotCount,
    found: `nb_snapshots is ${snapshots.count}`,
    expected: `at most ${SNAPSHOTS_MAX}`,
  }));
  isAligned("qcow2-snapshot-table", snapshots.offset, [
    "snapshots_offset",
    FIELD.snapshotOffset,
  ]);
  return needed;
}

/** A field that breaks a rule. */
interface WrongField {
  readonly offset: number;
  readonly found: string;
  readonly expected: string;
}

function checkIn(file: WalkedFile) {
  return (rule: RuleSlug, isRight: boolean, wrong: () => WrongField): void => {
    if (!isRight) throw new FormatError(file.name, { rule, ...wrong() });
  };
}
