import { once } from "node:events";
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { ROOT } from "./document_blocks.ts";

/** The server in the documents, which serves the files of the folder. */
const EXAMPLE = "https://example.com";

/**
 * A folder that looks like a checkout, with a web server for its files; `deno
 * task` in it runs the command line directly.
 */
export class DocumentFolder implements AsyncDisposable {
  readonly path: string;
  readonly #server: Server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? "", EXAMPLE).pathname);
    const { size } = statSync(this.file(name));
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)/.exec(
      request.headers.range ?? "",
    ) ?? [];
    const start = Number(from);
    const end = Math.min(to === "" ? size : Number(to), size - 1);
    response.writeHead(206, {
      etag: '"1"',
      "content-length": end - start + 1,
      "content-range": `bytes ${start}-${end}/${size}`,
    });
    createReadStream(this.file(name), { start, end }).pipe(response);
  });

  private constructor(parent: string) {
    this.path = mkdtempSync(join(parent, "mapped-ram-docs-"));
    for (const it of ["mod.ts", "format", "reference", "conformance"]) {
      symlinkSync(ROOT + it, this.file(it));
    }
    writeFileSync(this.file("deno.json"), "{}\n");
    mkdirSync(this.file("docs"));
    mkdirSync(this.file("bin"));
    const deno = process.execPath;
    const main = `${ROOT}reference/cli/main.ts`;
    this.#program(
      "deno",
      `if [ "$1" = task ]; then shift; ` +
        `exec ${deno} run --quiet --allow-all ${main} "$@"; fi`,
      `exec ${deno} "$@"`,
    );
    this.#program("npx", `[ "$1" = -y ] && shift`, `exec "$@"`);
  }

  /** Creates the folder in `parent` and starts its server. */
  static async make(parent = tmpdir()): Promise<DocumentFolder> {
    const folder = new DocumentFolder(parent);
    folder.#server.listen(0, "127.0.0.1");
    await once(folder.#server, "listening");
    return folder;
  }

  /** Returns the path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Replaces the server in a text of a document with the local one. */
  local(text: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return text.replaceAll(EXAMPLE, `http://127.0.0.1:${port}`);
  }

  /** Environment of commands that run in the folder. */
  get env(): Record<string, string | undefined> {
    const path = `${this.file("bin")}:${process.env.PATH}`;
    return {
      ...process.env,
      PATH: path,
      DENO_INSTALL_ROOT: this.path,
      NO_COLOR: "1",
    };
  }

  #program(name: string, ...lines: readonly string[]): void {
    const text = ["#!/bin/sh", ...lines, ""].join("\n");
    writeFileSync(this.file(`bin/${name}`), text, { mode: 0o755 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.path, { recursive: true, force: true });
  }
}
