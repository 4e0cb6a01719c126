import { cloneFile } from "../linux/mod.ts";
import { checkSameFile, LocalFile, nodeFs } from "../local/mod.ts";
import { type BackingFile, SourceError } from "../sources/mod.ts";
import { CloneError } from "./clone_error.ts";

/**
 * Makes an empty file a clone of the file of the base; returns it, open for
 * writing.
 *
 * @throws {CloneError} if they cannot share blocks
 */
export function cloneBase(base: BackingFile, to: BackingFile): LocalFile {
  const { O_RDONLY, O_RDWR } = nodeFs().constants;
  using from = openAgain(base, O_RDONLY);
  const clone = openAgain(to, O_RDWR);
  try {
    from.use((fd) =>
      clone.use((cloneFd) =>
        cloneFile({ fd, name: base.name }, { fd: cloneFd, name: to.name })
      )
    );
    return clone;
  } catch (error) {
    clone.close();
    if (!(error instanceof SourceError)) throw error;
    throw new CloneError(to.name, error.message, { cause: error });
  }
}

function openAgain(file: BackingFile, flags: number): LocalFile {
  return checkSameFile(new LocalFile(file.path, flags, 0, file.name), file);
}
