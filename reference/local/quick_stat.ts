import type { FileVersion } from "./file_watch.ts";

/**
 * Tells in about a microsecond whether an open file still has the version that
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
  readonly permissions: {
    querySync(
      wanted: { readonly name: "read"; readonly path: string },
    ): { readonly state: string };
  };
  openSync(path: string): DenoFile;
}

/**
 * Opens a second descriptor of the file behind `fd`, whatever its name is now.
 * Returns undefined where `fstatSync` is as quick, which is outside Deno, and
 * where the descriptor cannot be had: outside Linux, or without the permission
 * to read everything.
 */
export function openQuickStat(
  fd: number,
  opened: FileVersion,
): QuickStat | undefined {
  const { Deno: deno } = globalThis as { readonly Deno?: DenoFiles };
  if (deno === undefined) return undefined;
  const path = `/proc/self/fd/${fd}`;
  // Without the query, the user would be asked for the permission.
  const { state } = deno.permissions.querySync({ name: "read", path });
  if (state !== "granted") return undefined;
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
