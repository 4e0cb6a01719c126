import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { findNginx, type NginxServer, startNginx } from "./nginx_server.ts";

const REQUIRED = process.env.MAPPED_RAM_REQUIRE_NGINX === "1";
const SKIP = findNginx() === undefined && !REQUIRED
  ? "nginx is not installed"
  : false;

/** Defines a test with a folder that a real nginx serves. */
export function nginxTest(
  name: string,
  body: (server: NginxServer, folder: string) => Promise<void>,
): void {
  test(name, { skip: SKIP, timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
    try {
      await using server = await startNginx(folder);
      await body(server, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
