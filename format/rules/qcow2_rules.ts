/**
 * The rules of packed snapshots: qcow2 images (SPEC 15).
 *
 * @module
 */

import { accept, refuse, type Rule } from "./rule.ts";

/** Every rule of packed snapshots by its slug, in the order of the document. */
export const QCOW2_RULES = {
  "qcow2-magic": refuse("15.2", "A qcow2 image starts with its magic"),
  "qcow2-version": refuse("15.2", "The version of a qcow2 image is 2 or 3"),
  "qcow2-backing-name": refuse(
    "15.2",
    "The name of a backing file has 1 to 1023 bytes of UTF-8, after the header in the first cluster",
  ),
  "qcow2-cluster-bits": refuse(
    "15.2",
    "cluster_bits is 9 to 21, and at least 14 with subclusters",
  ),
  "qcow2-size": refuse("15.2", "The size of the disk is a multiple of 512"),
  "qcow2-encrypted": refuse("15.2", "A packed snapshot is not encrypted"),
  "qcow2-l1-table": refuse(
    "15.2",
    "The L1 table is aligned, covers the disk, and is inside the file",
  ),
  "qcow2-refcount-table": refuse(
    "15.2",
    "There is a refcount table, which is aligned, of at most 8 MiB and of an order of at most 6",
  ),
  "qcow2-snapshot-table": refuse(
    "15.2",
    "The table of internal snapshots is aligned, and has at most 65536 entries",
  ),
  "qcow2-corrupt": refuse("15.2", "The image is not marked corrupt"),
  "qcow2-data-file": refuse("15.2", "The data of a packed snapshot is in it"),
  "qcow2-features": refuse("15.2", "A reader knows all incompatible features"),
  "qcow2-header-length": refuse(
    "15.2",
    "header_length is a multiple of 8 from 104 up to the length of a cluster",
  ),
  "qcow2-compression": refuse(
    "15.2",
    "compression_type is 0, or is 1 and announced",
  ),
  "qcow2-extension": refuse(
    "15.2",
    "The extensions end before the name of the backing file, or the first cluster, does",
  ),
  "qcow2-l1-entry": refuse(
    "15.3",
    "Each L2 table is aligned and inside the file",
  ),
  "qcow2-l2-entry": refuse(
    "15.3",
    "Each cluster is aligned, as its entry may say, and inside the file",
  ),
  "qcow2-zero": accept("15.3", "A cluster or subcluster of zeros is zero"),
  "qcow2-compressed": refuse(
    "15.3",
    "A compressed cluster unpacks to exactly one cluster",
  ),
  "qcow2-absent": accept(
    "15.4",
    "What is absent is that of the backing file, and zero without one or past its end",
  ),
  "qcow2-backing-format": refuse(
    "15.4",
    "A backing file is raw or a qcow2 image",
  ),
  "qcow2-backing-place": refuse(
    "15.4",
    "A backing file is in the folder of the image or below it, or where the caller allows",
  ),
  "qcow2-chain": refuse("15.4", "No image of a chain occurs in it twice"),
} as const satisfies Readonly<Record<string, Rule>>;
