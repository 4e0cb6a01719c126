import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free_port.ts";
import { waitForServer } from "../wait_for_server.ts";

/**
 * A real nginx on a free loopback port that serves a folder in several ways.
 */
export interface NginxServer extends AsyncDisposable {
  /**
   * Returns the URL of a file for a way of serving: `plain` with ranges, `gzip`
   * with compression on, `slow` at 1 MiB/s, `norange` without ranges, `single`
   * with at most one range per request, or one of its own.
   */
  url(way: string, file: string): string;
}

/** How a location serves its files. */
export type NginxWay = "plain" | "gzip" | "slow" | "norange" | "single";

const PROGRAMS = ["/usr/sbin/nginx", "/usr/bin/nginx"];

/** Returns the path of nginx; undefined if it is not installed. */
export function findNginx(): string | undefined {
  return PROGRAMS.find((program) => existsSync(program));
}

/** Starts nginx to serve a folder; `ways` adds some, by their directives. */
export async function startNginx(
  folder: string,
  { ways = {} }: { readonly ways?: Readonly<Record<string, string>> } = {},
): Promise<NginxServer> {
  const program = findNginx();
  if (program === undefined) throw new Error("nginx is not installed");
  const state = mkdtempSync(join(tmpdir(), "mapped-ram-nginx-"));
  const port = await freePort();
  const config = join(state, "nginx.conf");
  writeFileSync(config, configuration(port, { state, folder, ways }));
  const child = spawn(program, ["-e", "stderr", "-c", config], {
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) =>
    child.on("exit", () => resolve())
  );
  await waitForServer(`http://127.0.0.1:${port}/`, "nginx");
  return {
    url: (way, file) =>
      `http://127.0.0.1:${port}/${way}/${encodeURIComponent(file)}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      rmSync(state, { recursive: true, force: true });
    },
  };
}

function configuration(
  port: number,
  { state, folder, ways }: {
    readonly state: string;
    readonly folder: string;
    readonly ways: Readonly<Record<string, string>>;
  },
): string {
  const usual: Record<NginxWay, string> = {
    plain: "",
    gzip: "gzip on; gzip_types *; gzip_min_length 1;",
    slow: "limit_rate 1m;",
    norange: "max_ranges 0;",
    single: "max_ranges 1;",
  };
  const locations = Object.entries({ ...usual, ...ways }).map((
    [way, directives],
  ) => `location /${way}/ { alias ${folder}/; ${directives} }`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${state}/${name};`,
  );
  return [
    "daemon off;",
    "user root;",
    `pid ${state}/pid;`,
    "error_log stderr crit;",
    "events {}",
    "http {",
    "access_log off;",
    "default_type application/octet-stream;",
    "types { text/html html; text/javascript js; }",
    ...temporary,
    `server { listen 127.0.0.1:${port};`,
    ...locations,
    "} }",
  ].join("\n");
}
