import { spawn } from "node:child_process";
import { createServer, request as forward } from "node:http";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What has passed through a proxy so far. */
export interface ProxyCounts {
  /** Requests. */
  readonly requests: number;
  /** Bytes of bodies. */
  readonly bytes: number;
  /** Maximum number of concurrent requests. */
  readonly mostAtOnce: number;
}

/** A proxy that delays each response of a server. */
export interface DelayingProxy extends AsyncDisposable {
  /** The address to use in place of the server's. */
  readonly origin: string;
  /** Returns what has passed so far. */
  counts(): Promise<ProxyCounts>;
}

/**
 * Starts a proxy that delays responses of `origin` by `delay` milliseconds. It
 * is a separate process, so that it does not affect the measurement otherwise.
 */
export async function startDelayingProxy(
  origin: string,
  delay: number,
): Promise<DelayingProxy> {
  const run = "Deno" in globalThis ? ["run", "-A"] : [];
  const program = fileURLToPath(import.meta.url);
  const child = spawn(
    process.execPath,
    [...run, program, origin, String(delay)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const exited = new Promise<void>((resolve) =>
    child.on("exit", () => resolve())
  );
  const lines = createInterface({ input: child.stdout })
    [Symbol.asyncIterator]();
  const address = await lines.next();
  return {
    origin: String(address.value),
    async counts() {
      child.stdin.write("\n");
      return JSON.parse(String((await lines.next()).value));
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

/**
 * Runs the proxy: prints its address, and its counts for each line of input.
 */
function main(origin: string, delay: number): void {
  const counts = { requests: 0, bytes: 0, mostAtOnce: 0 };
  let atOnce = 0;
  const server = createServer((incoming, outgoing) => {
    counts.requests++;
    atOnce++;
    counts.mostAtOnce = Math.max(counts.mostAtOnce, atOnce);
    outgoing.on("close", () => atOnce--);
    setTimeout(() => {
      const { method, headers } = incoming;
      const url = new URL(incoming.url ?? "/", origin);
      const onward = forward(url, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on("data", (chunk: Uint8Array) => counts.bytes += chunk.length);
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy()).end();
      // The rest of an aborted response is not needed.
      outgoing.on("close", () => onward.destroy());
    }, delay);
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    console.log(`http://127.0.0.1:${port}`);
  });
  const input = createInterface({ input: process.stdin });
  input.on("line", () => console.log(JSON.stringify(counts)));
}

if (import.meta.main) main(process.argv[2], Number(process.argv[3]));
