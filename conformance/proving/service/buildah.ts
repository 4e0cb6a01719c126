import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { findPrograms } from "../qemu/find_program.ts";

/** What a Containerfile may run in the base image; ldd is a script of bash. */
const TOOLS = [
  ...["sh", "bash", "cat", "grep", "install", "ldd", "mkdir"],
  "sha256sum",
];

/** Builds and runs images in a folder, without a registry and a daemon. */
export class Buildah {
  readonly #folder: string;
  readonly #global: readonly string[];

  /** Keeps everything in a folder. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#global = [
      ...["--root", join(folder, "root"), "--runroot", join(folder, "run")],
      ...["--storage-driver", "vfs"],
    ];
  }

  /** The command line of buildah with these arguments. */
  commandLine(...args: readonly string[]): string[] {
    return ["buildah", ...this.#global, ...args];
  }

  /** Runs buildah; returns what it prints. */
  run(...args: readonly string[]): string {
    const [program, ...rest] = this.commandLine(...args);
    return execFileSync(program, rest, { encoding: "utf8", stdio: "pipe" })
      .trim();
  }

  /**
   * Makes an image of this system's tools and the C library, as far as a program
   * needs it, in place of one of a registry.
   */
  makeBase(image: string, program: string): void {
    const base = join(this.#folder, "base");
    mkdirSync(join(base, "tmp"), { recursive: true });
    const tools = TOOLS.map((it) => findPrograms(it)[0]);
    for (const library of [program, ...tools].flatMap(librariesOf)) {
      copy(library, base + library);
    }
    for (const it of tools) copy(it, join(base, "bin", basename(it)));
    const container = this.run("from", "scratch");
    this.run("copy", "--quiet", container, base, "/");
    this.run("commit", "--quiet", container, image);
  }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to);
}

/** The paths of the shared libraries of a program; none of a script. */
function librariesOf(path: string): string[] {
  try {
    const text = execFileSync("ldd", [path], {
      encoding: "utf8",
      stdio: "pipe",
    });
    return text.match(/\/\S+/g) ?? [];
  } catch {
    return [];
  }
}
