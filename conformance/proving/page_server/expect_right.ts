import assert from "node:assert/strict";
import type { HandlerClient } from "../../handler/handler_client.ts";

/** Runs a script and checks that all pages are right. */
export async function expectRight(
  client: HandlerClient,
  socket: string,
  script: readonly string[],
): Promise<void> {
  const result = await client.run(socket, script);
  assert.equal(result.code, 0, JSON.stringify(result));
  const lines = script.filter((it) => !/^(region|image|patience)/.test(it));
  assert.equal(result.reports.length, lines.length, JSON.stringify(result));
}
