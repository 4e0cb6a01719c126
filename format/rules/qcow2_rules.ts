/**
 * The rules of packed snapshots: qcow2 images (SPEC 15).
 *
 * @module
 */

import { refuse, type Rule } from "./rule.ts";

/** Every rule of packed snapshots by its slug, in the order of the document. */
export const QCOW2_RULES = {
  "qcow2-magic": refuse("15.2", "A qcow2 image starts with its magic"),
  "qcow2-version": refuse("15.2", "The version of a qcow2 image is 2 or 3"),
  "qcow2-cluster-bits": refuse(
    "15.2",
    "cluster_bits is 9 to 21, and at least 14 with subclusters",
  ),
  "qcow2-encrypted": refuse("15.2", "A packed snapshot is not encrypted"),
  "qcow2-features": refuse("15.2", "A reader knows all incompatible features"),
  "qcow2-corrupt": refuse("15.2", "The image is not marked corrupt"),
  "qcow2-data-file": refuse("15.2", "The data of a packed snapshot is in it"),
  "qcow2-header-length": refuse(
    "15.2",
    "header_length is a multiple of 8 from 104, inside the first 64 KiB",
  ),
  "qcow2-compression": refuse(
    "15.2",
    "compression_type is 0 or 1, and announced if it is 1",
  ),
  "qcow2-extension": refuse("15.2", "The extensions end before the names"),
  "qcow2-backing-name": refuse(
    "15.2",
    "The name of a backing file has 1 to 1023 bytes of UTF-8 in the first 64 KiB",
  ),
  "qcow2-l1-table": refuse(
    "15.3",
    "The L1 table is aligned, covers the disk, and is inside the file",
  ),
  "qcow2-l1-entry": refuse(
    "15.3",
    "Each L2 table is aligned and inside the file",
  ),
  "qcow2-l2-entry": refuse(
    "15.3",
    "Each cluster is aligned and inside the file",
  ),
  "qcow2-compressed": refuse(
    "15.3",
    "A compressed cluster unpacks to exactly one cluster",
  ),
} as const satisfies Readonly<Record<string, Rule>>;
