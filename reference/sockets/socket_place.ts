import {
  builtinModule,
  identityAt,
  identityOf,
  nodeFs,
  removeName,
  renameToNew,
} from "../local/mod.ts";
import { errorCode, reasonOf, SourceError } from "../sources/mod.ts";

/** Maximum bytes of a socket's path in the kernel, without the final NUL. */
const PATH_MAX = 107;
const ATTEMPTS = 100;

/** Options of placing a socket. */
export interface SocketPlaceOptions {
  /**
   * Returns whether a process listens at a socket, without connecting to it, or
   * undefined if unknown. Default: unknown.
   */
  readonly isListening?: ((path: string) => boolean | undefined) | undefined;
  /** Permissions of the socket. Default: 0600, access for its owner only. */
  readonly mode?: number | undefined;
}

/**
 * The path of a socket that this process listens at. The socket is bound in a
 * folder that no other user can enter, given its permissions, and then renamed. So no client can connect earlier, and no existing file is
 * replaced, except a socket of this user at which no process listens any more.
 */
export class SocketPlace {
  /** Path at which it must be bound. */
  readonly bindPath: string;
  readonly #path: string;
  readonly #folder: string;
  readonly #options: SocketPlaceOptions;
  #identity: string | undefined;

  /**
   * Creates the folder.
   *
   * @throws {SourceError} if it cannot be created, or its path is too long
   */
  constructor(path: string, options: SocketPlaceOptions = {}) {
    this.#path = path;
    this.#options = options;
    this.#folder = makeFolder(path);
    this.bindPath = `${this.#folder}/s`;
  }

  /**
   * Gives the bound socket its final name.
   *
   * @throws {SourceError} if that name exists
   */
  publish(): void {
    try {
      if (!nodeFs().lstatSync(this.bindPath).isSocket()) {
        throw refusal(this.#path, "another process has replaced it");
      }
      nodeFs().chmodSync(this.bindPath, this.#options.mode ?? 0o600);
      this.#removeDead();
      this.#identity = identityAt(this.bindPath);
      renameToNew(this.bindPath, this.#path);
    } catch (error) {
      this.#identity = undefined;
      if (error instanceof SourceError) throw error;
      if (errorCode(error) === "EEXIST") {
        throw refusal(this.#path, TAKEN);
      }
      throw refusal(this.#path, reasonOf(error), error);
    } finally {
      this.discard();
    }
  }

  /** Removes the folder and its contents. */
  discard(): void {
    nodeFs().rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Removes the name if it still belongs to the socket. */
  remove(): void {
    if (this.#identity === undefined) return;
    try {
      removeName(this.#path, this.#identity);
    } catch {
      // The name stays if removing it is not permitted.
    }
    this.#identity = undefined;
  }

  /** Removes the socket of a killed process. */
  #removeDead(): void {
    const fs = nodeFs();
    const stat = fs.lstatSync(this.#path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isSocket()) {
      throw refusal(
        this.#path,
        "the path exists and is not a socket",
      );
    }
    if (stat.uid !== fs.statSync(this.#folder).uid) {
      throw refusal(this.#path, `it is a socket of another user (${stat.uid})`);
    }
    const isListening = this.#options.isListening?.(this.#path);
    if (isListening) throw refusal(this.#path, "another process listens there");
    if (isListening === undefined) {
      throw refusal(
        this.#path,
        "the socket exists; if no process listens there, remove it",
      );
    }
    // Check the identity: another socket may have the name by now.
    const dead = `${this.#folder}/d`;
    fs.renameSync(this.#path, dead);
    if (identityAt(dead) === identityOf(stat)) return;
    renameToNew(dead, this.#path);
    throw refusal(this.#path, TAKEN);
  }
}

/** The reason if the path came to exist after it was checked. */
const TAKEN = "another process has just created it";

/** Creates a folder next to a socket, with the shortest possible name. */
function makeFolder(path: string): string {
  const use = { what: path, action: "use paths" };
  const parent = builtinModule("node:path", use).dirname(path);
  const { length } = new TextEncoder().encode(`${parent}/.abc/s`);
  if (length > PATH_MAX) {
    throw refusal(
      path,
      `the path of its folder has ${length - 7} bytes, expected at most ` +
        `${PATH_MAX - 7}`,
    );
  }
  for (let attempt = 0;; attempt++) {
    const name = crypto.randomUUID().slice(0, 3);
    const folder = `${parent}/.${name}`;
    try {
      nodeFs().mkdirSync(folder, { mode: 0o700 });
      return folder;
    } catch (error) {
      if (errorCode(error) !== "EEXIST" || attempt === ATTEMPTS) {
        throw refusal(path, reasonOf(error), error);
      }
    }
  }
}

function refusal(path: string, reason: string, cause?: unknown): SourceError {
  const name = `unix:${path}`;
  return new SourceError(name, `Cannot listen at ${name}: ${reason}`, {
    cause,
  });
}
