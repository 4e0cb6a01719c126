import { ARCHITECTURES } from "../../convert/mod.ts";
import { SEAL_OPTION } from "../input/seal_option.ts";
import {
  JSON_EVENTS_OPTION,
  openingOptions,
} from "../input/snapshot_options.ts";
import { placeOptions } from "../input/place_options.ts";
import { JOBS_OPTION } from "../input/work_options.ts";
import { listed } from "../program/did_you_mean.ts";
import type { Option } from "../program/option.ts";
import type { ConvertOption } from "./conversion_options.ts";
import { FROM_FORMATS, TO_FORMATS } from "./formats.ts";

/** Options of `convert`. */
export const CONVERT_OPTIONS = {
  from: {
    type: "string",
    value: "FORMAT",
    values: FROM_FORMATS,
    text: listed(FROM_FORMATS),
  },
  to: {
    type: "string",
    value: "FORMAT",
    values: TO_FORMATS,
    text: listed(TO_FORMATS),
  },
  machine: {
    type: "string",
    value: "NAME",
    text: "QEMU's machine type, which decides the layout of guest-physical " +
      "addresses",
  },
  memory: {
    type: "string",
    value: "SIZE",
    text: "bytes of RAM, if IN is an ELF core or LiME",
  },
  block: {
    type: "string",
    multiple: true,
    value: "IDSTR",
    text: "the RAMBlock of the main memory; to ELF or LiME, repeat it for " +
      "each NUMA node, in their order",
  },
  range: {
    type: "string",
    multiple: true,
    value: "ADDRESS=IDSTR[@OFFSET]+LENGTH",
    text: "where the guest sees a RAMBlock, such as that of a DIMM; " +
      "repeatable. Other blocks have the addresses of the machine type; " +
      "from an ELF core or LiME, only the named blocks are converted",
  },
  "leave-out": {
    type: "string",
    multiple: true,
    value: "IDSTR",
    text: "to ELF or LiME: omit that RAMBlock",
  },
  arch: {
    type: "string",
    value: "NAME",
    values: ARCHITECTURES.map((it) => it.name),
    text: "architecture of an ELF core, if neither the CPU state nor the " +
      "machine type implies it",
  },
  "page-size": {
    type: "string",
    value: "SIZE",
    text: "of a stream that does not state it, or of a new snapshot",
  },
  "without-vmdesc": {
    type: "boolean",
    text: "accept a sequential stream without a vmdesc; such a stream may " +
      "have been cut off unnoticed",
  },
  repair: {
    type: "boolean",
    text: "rebuild what background-snapshot left out",
  },
  backing: {
    type: "string",
    value: "BASE",
    text:
      "to qcow2: store only what differs from BASE, a qcow2 with an earlier " +
      "snapshot of the same guest, or that snapshot; OUT needs BASE",
  },
  exact: {
    type: "boolean",
    text:
      "to qcow2: keep bytes that mean nothing, too, so that converting OUT " +
      "to mapped-ram gives IN",
  },
  zlib: {
    type: "boolean",
    text: "to qcow2: compress with zlib, which is slow, not with zstd",
  },
  level: {
    type: "string",
    value: "N",
    text: "of the compression; default: 3 of zstd, 6 of zlib",
  },
  "cluster-size": {
    type: "string",
    value: "SIZE",
    text: "to qcow2: bytes that are compressed together; default: 64K",
  },
  force: {
    type: "boolean",
    text: "replace existing files",
  },
  ...JOBS_OPTION,
  ...SEAL_OPTION,
  ...openingOptions("IN"),
  ...placeOptions("IN"),
  json: JSON_EVENTS_OPTION,
} as const satisfies Readonly<Record<ConvertOption, Option>>;
