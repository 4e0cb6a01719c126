/**
 * The rules of formats around mapped-ram or before it: libvirt save images, the
 * layouts named fixed-ram, the contents of block dirty bitmaps.
 *
 * @module
 */

import type { Rule } from "./rule.ts";

/** The slug of a rule of a dialect. */
export type DialectRuleSlug =
  | "libvirt-complete"
  | "libvirt-version"
  | "libvirt-data"
  | "libvirt-format"
  | "libvirt-stream"
  | "fixed-ram-layout"
  | "fixed-ram-inline"
  | "fixed-ram-header"
  | "dirty-bitmap-granularity"
  | "dirty-bitmap-started"
  | "dirty-bitmap-bits"
  | "dirty-bitmap-names"
  | "dirty-bitmap-complete";

/** Every rule of the dialects by its slug, in the order of the document. */
export const DIALECT_RULES: Readonly<Record<DialectRuleSlug, Rule>> = {
  "libvirt-complete": {
    kind: "refuse",
    section: "11.1",
    text: "The save that wrote a libvirt save image was finished",
  },
  "libvirt-version": {
    kind: "refuse",
    section: "11.1",
    text: "The version of a libvirt save image is 1 or 2, in either byte order",
  },
  "libvirt-data": {
    kind: "refuse",
    section: "11.1",
    text: "XML and cookie are inside the file",
  },
  "libvirt-format": {
    kind: "refuse",
    section: "11.1",
    text: "The stream of a libvirt save image is raw or sparse, not packed",
  },
  "libvirt-stream": {
    kind: "accept",
    section: "11.1",
    text: "The stream starts after the XML, with positions in the image",
  },
  "fixed-ram-layout": {
    kind: "refuse",
    section: "11.2",
    text:
      "A fixed-ram RAMBlock has one of two layouts, the same in all of them",
  },
  "fixed-ram-inline": {
    kind: "accept",
    section: "11.2",
    text: "An inline bitmap follows its size, and PART and END are empty",
  },
  "fixed-ram-header": {
    kind: "accept",
    section: "11.2",
    text:
      "fixed-ram may have the header of mapped-ram, and MULTIFD_FLUSH around EOS",
  },
  "dirty-bitmap-granularity": {
    kind: "refuse",
    section: "11.3",
    text:
      "The granularity of a dirty bitmap is a power of two from 512 to 2^31",
  },
  "dirty-bitmap-started": {
    kind: "refuse",
    section: "11.3",
    text: "A dirty bitmap is announced by one START before its other records",
  },
  "dirty-bitmap-bits": {
    kind: "refuse",
    section: "11.3",
    text: "BITS start at a whole chunk, and hold the bits of their sectors",
  },
  "dirty-bitmap-names": {
    kind: "accept",
    section: "11.3",
    text: "A name left out is that of the previous record, in any part",
  },
  "dirty-bitmap-complete": {
    kind: "write",
    section: "11.3",
    text: "Each dirty bitmap has a COMPLETE after all its bits",
  },
};
