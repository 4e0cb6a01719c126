import { readFileSync } from "node:fs";
import type { Snapshot } from "../../mod.ts";
import { profileRuns, readProfile } from "../../reference/doors/qemu.ts";

/**
 * Returns the runs of a profile that belongs to the snapshot, or the error that
 * refuses it.
 */
export async function answerProfile(
  snapshot: Snapshot,
  path: string,
): Promise<object> {
  try {
    const profile = readProfile(readFileSync(path, "latin1"));
    const idstrs = profile.blocks.map(({ idstr }) => idstr);
    const runs = await profileRuns(profile, snapshot);
    return {
      profile: {
        runs: runs.map(({ idstr, first, end }) => [
          idstrs.indexOf(idstr),
          first,
          end - first,
        ]),
      },
    };
  } catch (error) {
    return { profileError: refusalOfProfile(error) };
  }
}

function refusalOfProfile(error: unknown): object {
  if (!(error instanceof Error && "rule" in error)) throw error;
  const { rule } = error;
  const isNewer = error.message.endsWith("or a newer reader");
  const kind = isNewer ? "unsupported" : "format";
  return rule === "profile-format" && "line" in error
    ? { kind, rule, line: error.line }
    : { kind, rule };
}
