/** What the memory of a RAMBlock is to the guest. */
export type BlockKind = "ram" | "rom" | "video";

/** QEMU's names of what is not RAM. What is named otherwise is taken for RAM. */
const KINDS: readonly [RegExp, BlockKind][] = [
  [/^\/rom@/, "rom"],
  [/(^|[/.])([mp]?rom|bios|flash\d*)(\.[0-9a-f]+)?$/, "rom"],
  [/^sun4m\.(idreg|afx)$/, "rom"],
  [/(^|[/.-])(vga)?vram\d*$/, "video"],
];

/** What a RAMBlock is, by its idstr. */
export function blockKind(idstr: string): BlockKind {
  return KINDS.find(([pattern]) => pattern.test(idstr))?.[1] ?? "ram";
}
