import { SourceError } from "../sources/mod.ts";
import { builtinModule } from "./builtin_module.ts";
import { reasonOf } from "./file_error.ts";
import {
  identityAt,
  identityOf,
  removeName,
  renameToNew,
} from "./file_names.ts";
import { nodeFs } from "./node_fs.ts";

/** Bytes of a socket's path that the kernel takes, without the final NUL. */
const PATH_MAX = 107;
const ATTEMPTS = 100;

/** How to place a socket. */
export interface SocketPlaceOptions {
  /**
   * Whether a process listens at a socket, found out without connecting to it;
   * undefined where that cannot be. Default: it cannot.
   */
  readonly isListening?: ((path: string) => boolean | undefined) | undefined;
}

/**
 * The place of a socket that this process listens at. It is bound in a folder
 * that nobody else can enter, becomes its owner's alone, and only then gets its
 * name: nobody connects before, and nothing that is there is replaced, but for a
 * socket of this user's at which nobody listens any more.
 */
export class SocketPlace {
  /** Where it is to be bound. */
  readonly bindPath: string;
  readonly #path: string;
  readonly #folder: string;
  readonly #options: SocketPlaceOptions;
  #identity: string | undefined;

  /**
   * Makes the folder.
   *
   * @throws {SourceError} if it cannot be made, or its path is too long
   */
  constructor(path: string, options: SocketPlaceOptions = {}) {
    this.#path = path;
    this.#options = options;
    this.#folder = makeFolder(path);
    this.bindPath = `${this.#folder}/s`;
  }

  /**
   * Gives the socket its name, once it is bound.
   *
   * @throws {SourceError} if there is something of that name
   */
  publish(): void {
    try {
      if (!nodeFs().lstatSync(this.bindPath).isSocket()) {
        throw refusal(this.#path, "somebody has replaced it");
      }
      nodeFs().chmodSync(this.bindPath, 0o600);
      this.#removeDead();
      this.#identity = identityAt(this.bindPath);
      renameToNew(this.bindPath, this.#path);
    } catch (error) {
      this.#identity = undefined;
      if (error instanceof SourceError) throw error;
      if ((error as { readonly code?: string }).code === "EEXIST") {
        throw refusal(this.#path, "another process listens there");
      }
      throw refusal(this.#path, reasonOf(error), error);
    } finally {
      this.discard();
    }
  }

  /** Removes the folder, and what is in it. */
  discard(): void {
    nodeFs().rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Takes the name away, if it is still the socket's. */
  remove(): void {
    if (this.#identity === undefined) return;
    try {
      removeName(this.#path, this.#identity);
    } catch {
      // It stays where that is not permitted.
    }
    this.#identity = undefined;
  }

  /** Removes a socket that a process has left which was killed. */
  #removeDead(): void {
    const fs = nodeFs();
    const stat = fs.lstatSync(this.#path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isSocket()) {
      throw refusal(
        this.#path,
        "there is something of that name that is no socket",
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
        "there is a socket of that name; if no process listens there, remove it",
      );
    }
    // By what it is, not by its name, which may be another's by now.
    const dead = `${this.#folder}/d`;
    fs.renameSync(this.#path, dead);
    if (identityAt(dead) === identityOf(stat)) return;
    renameToNew(dead, this.#path);
    throw refusal(this.#path, "another process listens there");
  }
}

/** A folder beside a socket, its name as short as can be. */
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
      const { code } = error as { readonly code?: string };
      if (code !== "EEXIST" || attempt === ATTEMPTS) {
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
