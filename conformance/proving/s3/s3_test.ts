import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  cachedSource,
  exportImage,
  memorySink,
  memorySource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  SourceError,
} from "../../../mod.ts";
import { listVectors } from "../../vectors/list_vectors.ts";
import { documentBlocks } from "../documents/document_blocks.ts";
import { DocumentFolder } from "../documents/document_folder.ts";
import { startProgram } from "../documents/run_block.ts";
import { KEYS, type S3Server, signedFetch } from "./testing/s3_server.ts";
import { s3Test } from "./testing/s3_test_case.ts";

const SNAPSHOT = vector("qemu/none-4m");
const SIGNED = { fetch: signedFetch() };

function vector(path: string): Uint8Array<ArrayBuffer> {
  const found = listVectors().find((it) => it.path === path);
  assert(found !== undefined, path);
  return found.unpack();
}

async function failureOf(promise: Promise<unknown>): Promise<SourceError> {
  const error = await promise.then(() => undefined, (error: unknown) => error);
  assert(error instanceof SourceError, String(error));
  return error;
}

/** Returns the reason of a failure; it must not contain a secret. */
async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const { message } = await failureOf(promise);
  for (const secret of [KEYS.secretAccessKey, "Signature=", "AKIA"]) {
    assert(!message.includes(secret), message);
  }
  return message.replace(/^.*?": /, "");
}

/** Returns a URL of vm.mr that is valid, and one that was valid an hour ago. */
function presignedTwice(s3: S3Server): Promise<[string, string]> {
  const anHourAgo = new Date(Date.now() - 3_600_000);
  return Promise.all([
    s3.presigned("vm.mr", 600),
    s3.presigned("vm.mr", 60, anHourAgo),
  ]);
}

s3Test("snapshots read the same from S3 as from memory", async (s3) => {
  const statuses = new Set<number>();
  const options = {
    async fetch(request: Request) {
      const response = await SIGNED.fetch(request);
      statuses.add(response.status);
      return response;
    },
  };
  for (const { path, expected, unpack } of listVectors()) {
    if (!path.startsWith("qemu/") || expected.error !== undefined) continue;
    const bytes = unpack();
    await s3.put("vm 1+2.mr", bytes);
    const local = openSnapshotSync(memorySource(bytes), expected.options);
    const source = await openHttpSource(s3.url("vm 1+2.mr"), options);
    const remote = await openSnapshot(cachedSource(source), expected.options);
    for (const block of local.blocks) {
      const sink = memorySink();
      await exportImage(remote.block(block.idstr), sink);
      const range = { offset: 0, length: block.usedLength };
      assert.deepEqual(sink.bytes(), block.readRangeSync(range), path);
    }
  }
  // S3 would answer several ranges with 200, and the whole object.
  assert.deepEqual([...statuses], [206]);
  await s3.put("empty", new Uint8Array());
  assert.equal((await openHttpSource(s3.url("empty"), SIGNED)).byteLength, 0);
});

s3Test("a refused request names what S3 says, and no secret", async (s3) => {
  await s3.put("vm.mr", SNAPSHOT);
  const open = (
    keys: Parameters<typeof signedFetch>[0],
    { url = s3.url("vm.mr") } = {},
  ) => reasonOf(openHttpSource(url, { fetch: signedFetch(keys) }));
  assert.equal(
    await open({ ...KEYS, secretAccessKey: "wrong" }),
    "the server answered 403 Forbidden (SignatureDoesNotMatch: The request " +
      "signature we calculated does not match the signature you provided. " +
      "Check your key and signing method), expected 206",
  );
  assert.match(
    await open({ ...KEYS, accessKeyId: "nobody" }),
    /^the server answered 40[34] .* \(\w+: No user exists .*\), expected 206$/,
  );
  assert.match(
    await open({ ...KEYS, region: "us-west-2" }),
    /^the server answered 400 Bad Request \(AuthorizationHeaderMalformed: .*"us-west-2".*\), expected 206$/,
  );
  assert.equal(
    await open(KEYS, { url: s3.url("none.mr") }),
    "the server answered 404 Not Found (NoSuchKey: The specified key does not " +
      "exist), expected 206",
  );
  assert.equal(
    await open(KEYS, { url: `${s3.origin}/none/vm.mr` }),
    "the server answered 404 Not Found (NoSuchBucket: The specified bucket " +
      "does not exist), expected 206",
  );
  assert.equal(
    await reasonOf(openHttpSource(s3.url("vm.mr"))),
    "the server answered 403 Forbidden (AccessDenied: Access Denied), " +
      "expected 206",
  );
});

s3Test(
  "an object that is replaced while it is read has changed",
  async (s3) => {
    const other = SNAPSHOT.slice().fill(0xff, 0x100000, 0x200000);
    for (const replacement of [other, SNAPSHOT.slice(0, 0x1000)]) {
      await s3.put("vm.mr", SNAPSHOT);
      const source = await openHttpSource(s3.url("vm.mr"), SIGNED);
      const read = () => source.readInto(new Uint8Array(4096), 0x180000);
      await read();
      await s3.put("vm.mr", replacement);
      const error = await failureOf(read());
      assert(error.changed);
      assert.match(
        error.message,
        /: the file changed on the server: .*, expecte/,
      );
      // The same bytes have the same ETag.
      await s3.remove("vm.mr");
      const removed = await failureOf(read());
      assert(!removed.changed);
      assert.match(removed.message, /404 Not Found \(NoSuchKey: /);
      await s3.put("vm.mr", SNAPSHOT);
      await read();
    }
    // If-Match opens one version only.
    const { etag = "" } = await openHttpSource(s3.url("vm.mr"), SIGNED);
    const options = { ...SIGNED, headers: { "if-match": etag } };
    const source = await openHttpSource(s3.url("vm.mr"), options);
    await s3.put("vm.mr", other);
    const ways = [
      () => openHttpSource(s3.url("vm.mr"), options),
      () => source.readInto(new Uint8Array(4096), 0x180000),
    ];
    for (const read of ways) {
      const error = await failureOf(read());
      assert(error.changed);
      assert.match(
        error.message,
        /412 Precondition Failed \(PreconditionFailed: /,
      );
    }
  },
);

s3Test("a presigned URL serves until it expires", async (s3) => {
  await s3.put("vm.mr", SNAPSHOT);
  const [valid, expired] = await presignedTwice(s3);
  let url = valid;
  const source = await openHttpSource(valid, {
    fetch: (request) => fetch(new Request(url, request)),
  });
  assert.equal(source.name, `${s3.url("vm.mr")}?…`);
  const read = () => source.readInto(new Uint8Array(4096), 0x180000);
  await read();
  url = expired;
  assert.equal(
    await reasonOf(read()),
    "the server answered 403 Forbidden (AccessDenied: Request has expired), " +
      "expected 206",
  );
});

s3Test("the program of library.md renews an expired URL", async (s3) => {
  await s3.put("vm.mr", SNAPSHOT);
  const [valid, expired] = await presignedTwice(s3);
  const [block] = documentBlocks().filter(({ text }) =>
    text.includes("presign()")
  );
  const text = block.text.replace(
    /Promise\.resolve\(.*\)/,
    `Promise.resolve(${JSON.stringify([expired, valid])}[calls++])`,
  );
  await using folder = await DocumentFolder.make();
  const program = { ...block, text: `let calls = 0;\n${text}` };
  await using running = startProgram(folder, program);
  await running.printed(
    new RegExp(`^http:\\S+/vms/vm\\.mr\\?… ${SNAPSHOT.length}$`, "m"),
  );
  await running.done();
});

s3Test("the command line reads a presigned URL", async (s3) => {
  await s3.put("vm.mr", SNAPSHOT);
  const url = await s3.presigned("vm.mr", 600);
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  try {
    writeFileSync(join(folder, "local.mr"), SNAPSHOT);
    for (const from of [url, join(folder, "local.mr")]) {
      await command("verify", from, "--pages");
      await command("load", from, join(folder, from === url ? "s3" : "local"));
    }
    const { blocks: [{ idstr }] } = openSnapshotSync(memorySource(SNAPSHOT));
    const [remote, local] = ["s3", "local"].map((name) =>
      readFileSync(join(folder, name, `${idstr}.img`))
    );
    assert(remote.equals(local));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function command(...args: readonly string[]): Promise<void> {
  const deno = "Deno" in globalThis ? ["run", "-A"] : [];
  await promisify(execFile)(process.execPath, [
    ...deno,
    fileURLToPath(new URL("../../../reference/cli/main.ts", import.meta.url)),
    ...args,
  ]);
}
