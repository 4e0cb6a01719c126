import { mayAsk } from "../work/mod.ts";
import type { FileVersion } from "./file_watch.ts";

/**
 * Checks in about a microsecond whether an open file still has the version that
 * it was opened with; Deno's `fstatSync` takes 7 to 30.
 */
export interface QuickStat {
  /** Whether size and time are certainly the same, to the millisecond. */
  isUnchanged(): boolean;
  /** Closes its own descriptor of the file. */
  close(): void;
}

/** The used part of `Deno.FsFile`. */
interface DenoFile {
  statSync(): { readonly size: number; readonly mtime: Date | null };
  close(): void;
}

/** The used part of `Deno`. */
interface DenoFiles {
  openSync(path: string): DenoFile;
}

/**
 * Opens a second descriptor of the file open as `fd`, whatever its name is now.
 * Returns undefined where `fstatSync` is as quick, which is outside Deno, and
 * where there can be no second descriptor: outside Linux, or without the
 * permission to read everything.
 */
export function openQuickStat(
  fd: number,
  opened: FileVersion,
): QuickStat | undefined {
  const { Deno: deno } = globalThis as { readonly Deno?: DenoFiles };
  if (deno === undefined) return undefined;
  const path = `/proc/self/fd/${fd}`;
  if (!mayAsk({ name: "read", path })) return undefined;
  const mtime = Math.floor(opened.mtimeMs);
  try {
    const file = deno.openSync(path);
    return {
      isUnchanged() {
        try {
          const found = file.statSync();
          return found.size === opened.size &&
            found.mtime?.getTime() === mtime;
        } catch {
          return false;
        }
      },
      close: () => file.close(),
    };
  } catch {
    return undefined;
  }
}
