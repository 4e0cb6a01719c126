import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openHttpSource } from "../../../mod.ts";
import { FAST, messageOf } from "./testing/lied_about_file.ts";

function missingOpenssl(): string | false {
  try {
    execFileSync("openssl", ["version"]);
    return false;
  } catch {
    return "openssl is not installed";
  }
}

/** Makes a key and a self-signed certificate. */
function selfSigned(folder: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  execFileSync("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
    ...["-keyout", key, "-out", cert],
  ], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

test("an untrusted certificate is reported as such, after one try", {
  skip: missingOpenssl(),
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  const server = createServer(selfSigned(folder), (_, response) => {
    response.writeHead(404).end();
  });
  try {
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const message = await messageOf(
      openHttpSource(`https://localhost:${port}/vm.mr?token=s3cret`, FAST),
    );
    assert.match(
      message.replace(/^.*?": /, ""),
      /^there is no secure connection \(.*certificate.*\): check the server's certificate and whether the runtime trusts it \(DENO_CERT, NODE_EXTRA_CA_CERTS\)$/,
    );
    assert(!message.includes("s3cret"));
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
