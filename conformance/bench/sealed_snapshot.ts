import { createFileSink, openFileSource, sealSource } from "../../mod.ts";

/** A snapshot with its sidecar. */
export interface SealedSnapshot {
  readonly path: string;
  readonly tree: string;
  readonly digest: string;
}

/** Seals a snapshot: writes its sidecar beside it. */
export async function sealSnapshot(path: string): Promise<SealedSnapshot> {
  using source = openFileSource(path);
  const tree = `${path}.verity`;
  const { digest } = await sealSource(source, createFileSink(tree));
  return { path, tree, digest };
}
