/** How the guest sees the memory of a RAMBlock. */
export type BlockKind = "ram" | "rom" | "video";

/** QEMU's names of blocks that are not RAM. Any other name is taken for RAM. */
const KINDS: readonly [RegExp, BlockKind][] = [
  [/^\/rom@/, "rom"],
  [/(^|[/.])([mp]?rom|bios|flash\d*)(\.[0-9a-f]+)?$/, "rom"],
  [/^sun4m\.(idreg|afx)$/, "rom"],
  [/(^|[/.-])(vga)?vram\d*$/, "video"],
];

/** Returns the kind of a RAMBlock, by its idstr. */
export function blockKind(idstr: string): BlockKind {
  return KINDS.find(([pattern]) => pattern.test(idstr))?.[1] ?? "ram";
}
