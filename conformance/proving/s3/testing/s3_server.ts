import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { freePort } from "../../free_port.ts";
import { loadPackage } from "../../testing/load_package.ts";
import { waitForServer } from "../../wait_for_server.ts";

/** Keys of an S3 user. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Default: the server's. */
  readonly region?: string;
}

/** The only user of the server. */
export const KEYS: Keys = {
  accessKeyId: "AKIAMAPPEDRAM",
  secretAccessKey: "s3cret-key/of+the-tests",
};

/** The region of the server. */
export const REGION = "eu-central-1";

/** A real S3 server, versitygw, on a free loopback port, with one bucket. */
export interface S3Server extends AsyncDisposable {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Returns the URL of an object. */
  url(key: string): string;
  /** Writes an object, or replaces it. */
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes an object. */
  remove(key: string): Promise<void>;
  /** Returns a URL of an object that is valid for some seconds from a time on. */
  presigned(key: string, seconds: number, from?: Date): Promise<string>;
}

/** Returns the path of versitygw; undefined if it is not in PATH. */
export function findS3Server(): string | undefined {
  return (process.env.PATH ?? "").split(delimiter)
    .map((folder) => join(folder, "versitygw"))
    .find((program) => existsSync(program));
}

let loaded: Promise<typeof import("aws4fetch")> | undefined;

async function clientFor({ region = REGION, ...keys }: Keys) {
  loaded ??= loadPackage("aws4fetch", () => import("aws4fetch"));
  const { AwsClient } = await loaded;
  return new AwsClient({ ...keys, region, service: "s3" });
}

/** Returns a `fetch` that signs the headers of each request. */
export function signedFetch(
  keys: Keys = KEYS,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const { headers } = await (await clientFor(keys)).sign(request.url);
    headers.forEach((value, name) => request.headers.set(name, value));
    return await fetch(request);
  };
}

/** Starts the server with an empty bucket. */
export async function startS3Server(): Promise<S3Server> {
  const program = findS3Server();
  if (program === undefined) throw new Error("versitygw is not installed");
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-s3-"));
  const [objects, attributes] = ["objects", "attributes"].map((name) =>
    join(folder, name)
  );
  mkdirSync(join(objects, "vms"), { recursive: true });
  mkdirSync(attributes);
  const port = await freePort();
  const child = spawn(program, [
    ...["--quiet", "--port", `127.0.0.1:${port}`, "--region", REGION],
    ...["posix", "--sidecar", attributes, objects],
  ], {
    stdio: "ignore",
    env: {
      ...process.env,
      ROOT_ACCESS_KEY_ID: KEYS.accessKeyId,
      ROOT_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    },
  });
  const ended = new Promise<void>((resolve) =>
    child.on("exit", () => resolve())
  );
  const origin = `http://127.0.0.1:${port}`;
  const url = (key: string) => `${origin}/vms/${encodeURIComponent(key)}`;
  const client = await clientFor(KEYS);
  async function send(key: string, request: RequestInit): Promise<void> {
    const response = await client.fetch(url(key), request);
    const answer = await response.text();
    if (!response.ok) throw new Error(`S3 answers ${answer}`);
  }
  await waitForServer(origin, "versitygw");
  return {
    origin,
    url,
    put: (key, body) => send(key, { method: "PUT", body }),
    remove: (key) => send(key, { method: "DELETE" }),
    async presigned(key, seconds, from = new Date()) {
      const address = `${url(key)}?X-Amz-Expires=${seconds}`;
      const datetime = from.toISOString().replaceAll(/\.\d+|\W/g, "");
      const aws = { signQuery: true, datetime };
      return (await client.sign(address, { aws })).url;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
