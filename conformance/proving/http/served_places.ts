import { join } from "node:path";
import { env } from "node:process";
import { findNginx, startNginx } from "./nginx_server.ts";

/**
 * Yields where a file in a folder can be read: its path, and a URL of a running
 * nginx if that is installed or required.
 */
export async function* servedPlaces(
  folder: string,
  file: string,
): AsyncGenerator<string> {
  yield join(folder, file);
  const isRequired = env.MAPPED_RAM_REQUIRE_NGINX === "1";
  if (findNginx() === undefined && !isRequired) return;
  await using server = await startNginx(folder);
  yield server.url("plain", file);
}
