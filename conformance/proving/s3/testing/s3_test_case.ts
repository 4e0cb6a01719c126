import process from "node:process";
import { test } from "node:test";
import { findS3Server, type S3Server, startS3Server } from "./s3_server.ts";

/** Set to 1 to fail, not skip, if the S3 server is missing. */
const REQUIRED = process.env.MAPPED_RAM_REQUIRE_S3 === "1";

/** Why tests with a real S3 server are skipped; false if they are not. */
export const SKIP: string | false = findS3Server() === undefined && !REQUIRED
  ? "versitygw is not in PATH"
  : false;

/** Returns the name of a test, with the reason if it is skipped. */
export function nameOf(name: string, skip: string | false): string {
  return skip === false ? name : `${name} (skipped: ${skip})`;
}

/** Defines a test with a real S3 server. */
export function s3Test(
  name: string,
  body: (s3: S3Server) => Promise<void>,
): void {
  test(nameOf(name, SKIP), { skip: SKIP, timeout: 300_000 }, async () => {
    await using server = await startS3Server();
    await body(server);
  });
}
