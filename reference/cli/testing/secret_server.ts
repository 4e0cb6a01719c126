import { createServer } from "node:http";
import type { Transfer } from "../../opening/mod.ts";

/** Secrets that must not appear anywhere. */
export const SECRETS = ["pAssw0rd", "SIGNATURE", "REDIRSECRET"];

/** A server of files, whose URLs contain secrets. */
export interface SecretServer extends AsyncDisposable {
  /** Returns a URL with user, password and signature; default: of the file. */
  url(path?: string): string;
  /** What it has served so far. */
  readonly traffic: Readonly<Transfer>;
}

/**
 * Starts a server of a file at `/vm.mr`, and of its sidecar if it has one, a
 * file that is not a snapshot at `/junk`, and broken redirects at `/bad`,
 * `/dead` and `/loop`.
 */
export async function startSecretServer(
  file: Uint8Array,
  sidecar?: Uint8Array,
): Promise<SecretServer> {
  const junk = new TextEncoder().encode("no snapshot".repeat(1000));
  const locations: Readonly<Record<string, string>> = {
    "/bad": "http://u:REDIRSECRET@local host:99999/?q=REDIRSECRET",
    "/dead":
      "http://u:REDIRSECRET@127.0.0.1:1/vm.mr?X-Amz-Signature=REDIRSECRET",
    "/loop": "/loop?token=REDIRSECRET",
  };
  const traffic = { requests: 0, bytes: 0 };
  const server = createServer(({ headers, url }, response) => {
    traffic.requests++;
    const { pathname } = new URL(url ?? "/", "http://host");
    const location = locations[pathname];
    if (location !== undefined) {
      return void response.writeHead(302, { location }).end();
    }
    const files = { "/vm.mr": file, "/vm.mr.verity": sidecar, "/junk": junk };
    const bytes = pathname in files
      ? files[pathname as keyof typeof files]
      : undefined;
    if (bytes === undefined) return void response.writeHead(404).end();
    const [first, last] = (headers.range ?? "").replace("bytes=", "")
      .split("-").map(Number);
    const end = Math.min(last, bytes.length - 1);
    const part = bytes.subarray(first, end + 1);
    traffic.bytes += part.length;
    response.writeHead(206, {
      "content-range": `bytes ${first}-${end}/${bytes.length}`,
      etag: '"1"',
    }).end(part);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    traffic,
    url: (path = "/vm.mr") =>
      `http://user:pAssw0rd@127.0.0.1:${port}${path}?X-Amz-Signature=SIGNATURE`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
