import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { sealBytes } from "../testing/sealed_bytes.ts";
import { PATIENT, runAll, runAllBad } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { SECRETS, startSecretServer } from "./testing/secret_server.ts";
import { fixtureGuest } from "./testing/snapshot_fixture.ts";

/** Runs command lines; none may print a secret, whether it succeeds or not. */
async function runDiscreetly(
  lines: readonly (readonly string[])[],
): Promise<void> {
  const results = await runAll(lines);
  results.forEach(({ stdout, stderr }, index) => {
    for (const secret of SECRETS) {
      const found = `${stdout}${stderr}`.split("\n")
        .filter((line) => line.includes(secret));
      assert.deepEqual(found, [], lines[index].join(" "));
    }
    assert.notEqual(`${stdout}${stderr}`, "", lines[index].join(" "));
  });
}

function missing(program: string): string | false {
  try {
    execFileSync(program, ["--version"]);
    return false;
  } catch {
    return `${program} is not installed`;
  }
}

test("no command prints the secrets of a URL", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const guest = await fixtureGuest();
  const { sidecar, digest } = sealBytes(guest);
  await using server = await startSecretServer(guest, sidecar);
  const url = server.url();
  const other = ["--digest", `sha256:${"0".repeat(64)}`];
  const out = (name: string) => scratch.file(name);
  await runDiscreetly([
    ["info", url],
    ["info", url, "--json"],
    ["info", url, "--map"],
    ["info", url, "--devices", "--json"],
    ["info", url, "--xml"],
    ["info", url, "--try", "--against", "-M none"],
    ["info", url, "--digest", digest, "--against", "-M none", "--json"],
    ["info", url, ...other, "--json"],
    ["info", url, ...other, "--verity", server.url("/gone")],
    ["bitmaps", url],
    ["bitmaps", url, "--json"],
    ["verify", url],
    ["verify", url, "--json"],
    ["diff", url, url],
    ["diff", url, server.url("/gone"), "--json"],
    ["diff", url, url, "--digest-b", `sha256:${"0".repeat(64)}`, "--json"],
    ["seal", url],
    ["seal", url, "--verity", out("f.verity")],
    ["seal", url, "--verity", out("g.verity"), "--json"],
    ["seal", url, "--check", `sha256:${"0".repeat(64)}`],
    [
      ...["seal", url, "--check", digest, "--json"],
      ...["--verity", server.url("/vm.mr.verity")],
    ],
    ["read", url, "pc.ram", "0", "16", "--json"],
    ["read", url, "pc.rma", "0", "16"],
    ["read", url, "pc.ram", "0x7fffffff", "16"],
    ["load", url, out("images"), "--json"],
    ["load", url, out("more"), "--block", "nope"],
    ["convert", url, out("a.seq"), "--json"],
    ["convert", url, out("a.core")],
    ["save", out("b.mr"), "--block", `ram=${url}`, "--json"],
    ["save", out("c.mr"), "--block", url],
    ["save", out("d.mr"), "--block", `ram=${server.url("/gone")}`],
    ["page-server", url, "--block", "nope", "--listen", `unix:${out("s")}`],
    [
      ...["page-server", server.url("/gone"), "--flat"],
      ...["--listen", `unix:${out("s")}`],
    ],
    ["page-server", url, "--replay", url, "--listen", `unix:${out("s")}`],
    ["resume", url, "--", "no-such-program"],
    ["resume", url, "--via", "map", "--", "no-such-program"],
    [
      ...["resume", url, "--qmp", `unix:${out("q")}`],
      ...["--to", `unix:${out("t")}`],
    ],
    ["resume", url, "--replay", url, "--", "no-such-program"],
    ["resume", url, "--out", out("e.mr")],
  ]);
});

test("no error prints the secrets of a URL", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  await using server = await startSecretServer(await fixtureGuest());
  const url = server.url();
  const file = scratch.write("vm.mr", await fixtureGuest());
  const wrong = [
    ...["/gone", "/junk", "/bad", "/dead", "/loop"].map((it) => server.url(it)),
    "http://user:pAssw0rd@127.0.0.1:1/vm.mr?X-Amz-Signature=SIGNATURE",
    "http://user:pAssw0rd@127.0.0.1:99999/vm.mr?X-Amz-Signature=SIGNATURE",
    "http://user:pAssw0rd@no host/vm.mr?X-Amz-Signature=SIGNATURE",
    'http://user:"pAssw0rd"@no"host/vm.mr?X-Amz-Signature="SIGNATURE',
    "http://user:p/pAssw0rd@127.0.0.1:x/",
    "http://user:p?pAssw0rd@127.0.0.1:x/",
    "http://user@host:x/?mail=a@SIGNATURE",
    "https://user:pAssw0rd@no.such.host.invalid/vm.mr?x=SIGNATURE",
    "ftp://user:pAssw0rd@127.0.0.1/vm.mr?x=SIGNATURE",
    "file://user:pAssw0rd@host/vm.mr?x=SIGNATURE",
    "file:///no/such/folder/vm.mr?x=SIGNATURE#SIGNATURE",
  ];
  await runDiscreetly([
    ...wrong.map((it) => ["info", it]),
    ...wrong.slice(6).map((it) => ["verify", it, "--json"]),
    ...["load", "convert"].map((it) => [it, file, url]),
    ["save", url, "--block", `ram=${file}`],
    ["receive", url],
    ["read", file, "pc.ram", "0", "16", "--out", url],
    ["info", file, url],
    ["info", `--offset=${url}`, file],
    ["info", `--${url}`, file],
    [url],
    ["page-server", file, "--listen", url],
    ["resume", file, "--to", url],
    ["resume", file, "--record", url, "--", "no-such-program"],
    ["convert", file, scratch.file("x"), "--to", url],
  ]);
});

const QEMU = "qemu-system-x86_64";

test("no message about a QEMU prints the secrets of a URL", {
  ...PATIENT,
  skip: missing(QEMU),
}, async () => {
  await using server = await startSecretServer(await fixtureGuest());
  const url = server.url();
  const against = `-M none -m 8M -name ${url}`;
  await runDiscreetly([
    ["info", url, "--against", against],
    ["info", url, "--against", against, "--json"],
    ["resume", url, "--", "-M", "none", "-m", "16", "-display", "none"],
    ["resume", url, "--json", "--", "-M", "none", "-display", "none"],
  ]);
});

test(
  "a local snapshot may be given as a file: URL, but not as another URL",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("a b%.mr", await fixtureGuest());
    const image = new URL(
      `file://${scratch.write("img", new Uint8Array(4096))}`,
    );
    const { href } = new URL(`file://${file.replace("%", "%25")}`);
    const out = scratch.file("raw");
    const results = await runAll([
      ["verify", href],
      ["info", href, "--json"],
      ["save", scratch.file("x.mr"), "--block", `ram=${image.href}`],
      ["read", href, "pc.ram", "0", "16", "--out", out],
      ["convert", href, scratch.file("a.seq")],
    ]);
    assert.deepEqual(
      results.map(({ code, stderr }) => ({ code, stderr })),
      results.map(() => ({ code: 0, stderr: "" })),
    );
    assert.equal(JSON.parse(results[1].stdout).file, file);
    const refusal = (name: string, reason: string) =>
      new RegExp(`^error: Cannot open "${name}": ${reason}\n$`);
    const kinds = "expected a path, or an http, https or file URL";
    await runAllBad([
      [["info", "ftp://host/vm.mr"], 1, refusal("ftp://host/vm.mr", kinds)],
      [["info", "s3://bucket/vm.mr"], 1, refusal("s3://bucket/vm.mr", kinds)],
      [
        ["info", "file://host/vm.mr"],
        1,
        refusal("file://host/vm.mr", 'it is on another host, "host"'),
      ],
      [["info", "http://"], 1, refusal("http://", "it is not a valid URL")],
      [["info", "file:///%"], 1, refusal("file:///%", "it is not a valid URL")],
    ]);
  },
);
