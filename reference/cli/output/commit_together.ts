import {
  existsSync,
  linkSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import type { ByteSink } from "../../sinks/mod.ts";
import { tryFile } from "../system_error.ts";

/** A file in the making, and where it will be. */
export interface PendingFile {
  /** What it is written to, all but committed. */
  readonly sink: ByteSink;
  /** Its path. */
  readonly path: string;
}

interface Step {
  /** The file; behind a symbolic link, what it points to. */
  readonly target: string;
  /** A second name of the old file, until all is done. */
  readonly backup: string | undefined;
  committed: boolean;
}

/**
 * Commits files one after the other. If one fails, those before it are taken
 * back and the old ones stand where they stood.
 */
export async function commitTogether(
  files: readonly PendingFile[],
): Promise<void> {
  const steps: Step[] = [];
  try {
    for (const { sink, path } of files) {
      const step = tryFile("write", path, () => prepare(path));
      steps.push(step);
      await sink.commit();
      step.committed = true;
    }
  } catch (error) {
    for (const step of steps.reverse()) takeBack(step);
    throw error;
  }
  for (const { backup } of steps) {
    if (backup !== undefined) rmSync(backup, { force: true });
  }
}

function prepare(path: string): Step {
  if (!existsSync(path)) {
    return { target: path, backup: undefined, committed: false };
  }
  const target = realpathSync(path);
  const backup = `${target}.${crypto.randomUUID().slice(0, 8)}.old`;
  try {
    linkSync(target, backup);
  } catch {
    renameSync(target, backup); // A file system without hard links.
  }
  return { target, backup, committed: false };
}

function takeBack({ target, backup, committed }: Step): void {
  try {
    if (backup !== undefined) {
      // Does nothing where both are still names of the old file.
      renameSync(backup, target);
      rmSync(backup, { force: true });
    } else if (committed) {
      rmSync(target, { force: true });
    }
  } catch {
    // The first failure is the one to tell; the other files have their turn.
  }
}
