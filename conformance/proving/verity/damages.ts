import type { IntegrityError } from "../../../mod.ts";
import { PAGE, sealBytes, type SealedGuest } from "./sealed_guest.ts";

type RuleSlug = IntegrityError["rule"];

/** A change of a sealed file, and how a reader finds it. */
export interface Damage {
  /** What is changed. */
  readonly what: string;
  /** Whether it is changed before it is opened, or while the guest runs. */
  readonly when: "before" | "while";
  /** Where it is found. */
  readonly found: "opening" | "page";
  /** The rules that may be broken. */
  readonly rules: readonly RuleSlug[];
  /** Changes the bytes of the guest. */
  apply(guest: SealedGuest): void | Promise<void>;
}

/** Hashes in a block of the tree. */
const HASHES = 128;

/** Returns the position of the block of level 1 above a page. */
function leafOf({ sidecar, bytes, offset }: SealedGuest): number {
  const leaves = Math.ceil(Math.ceil(bytes.length / PAGE) / HASHES);
  const leaf = Math.floor(offset / PAGE / HASHES);
  return sidecar.length - (leaves - leaf) * PAGE;
}

/** Changes a file as another version of it would. */
function otherVersion({ bytes, offset }: SealedGuest): Uint8Array {
  const other = bytes.slice();
  for (let at = offset; at < offset + PAGE; at++) other[at] ^= 0xff;
  return other;
}

/** Every kind of damage. */
export const DAMAGES: readonly Damage[] = [
  {
    what: "a byte of a page is flipped",
    when: "before",
    found: "page",
    rules: ["verity-data"],
    apply: ({ bytes, offset }) => void (bytes[offset + 17] ^= 1),
  },
  {
    what: "a byte of a leaf hash block is flipped",
    when: "before",
    found: "page",
    rules: ["verity-tree"],
    apply: (guest) => void (guest.sidecar[leafOf(guest) + 40] ^= 1),
  },
  {
    // The header's path goes through the root, too.
    what: "a byte of an upper hash block is flipped",
    when: "before",
    found: "opening",
    rules: ["verity-tree"],
    apply: ({ sidecar }) => void (sidecar[PAGE] ^= 1),
  },
  {
    what: "a byte of the descriptor is flipped",
    when: "before",
    found: "opening",
    rules: ["verity-digest"],
    apply: ({ sidecar }) => void (sidecar[20] ^= 1),
  },
  {
    what: "the sidecar is that of another file",
    when: "before",
    found: "opening",
    rules: ["verity-digest"],
    apply: async (guest) =>
      guest.sidecar.set((await sealBytes(otherVersion(guest))).sidecar),
  },
  {
    what: "another version replaces the file",
    when: "before",
    found: "page",
    rules: ["verity-data"],
    apply: (guest) => guest.bytes.set(otherVersion(guest)),
  },
  {
    what: "a byte of a page is flipped while the guest runs",
    when: "while",
    found: "page",
    rules: ["verity-data"],
    apply: ({ bytes, offset }) => void (bytes[offset + 4000] ^= 0x80),
  },
  {
    what:
      "another version replaces the file and its sidecar while the guest runs",
    when: "while",
    found: "page",
    rules: ["verity-data", "verity-tree"],
    async apply(guest) {
      const other = otherVersion(guest);
      const { sidecar } = await sealBytes(other);
      guest.bytes.set(other);
      guest.sidecar.set(sidecar);
    },
  },
];
