import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { commandLines, documentBlocks } from "./document_blocks.ts";
import { sealSnapshot, writeDocumentFiles } from "./document_files.ts";
import { DocumentFolder } from "./document_folder.ts";
import { runBlocks } from "./run_block.ts";

/** Signs what the documented commands signed, with the key of somebody else. */
const FORGE = [
  "openssl req -x509 -newkey rsa:2048 -nodes -keyout other.pem " +
  "-out other-cert.pem -subj /CN=snapshots",
  "openssl smime -sign -binary -noattr -in signed -signer other-cert.pem " +
  "-inkey other.pem -outform DER -out vm.mr.sig",
];

const isMissing = ["fsverity", "openssl", "xxd"]
  .find((it) => spawnSync(it, ["--help"]).error !== undefined);
const skip = isMissing === undefined ? false : `${isMissing} is not installed`;

test("the documented check takes no signature by another key", {
  timeout: 120_000,
  skip,
}, async () => {
  const block = documentBlocks().find(({ text }) => text.includes("smime"));
  assert.ok(block !== undefined);
  const check = commandLines(block).find((it) => it.includes("-verify"));
  assert.ok(check !== undefined);
  await using folder = await DocumentFolder.make();
  await writeDocumentFiles(folder, block.text);
  await sealSnapshot(folder, block.text);
  await runBlocks(folder, [block]);
  const statusOf = (line: string) =>
    spawnSync("sh", ["-c", line], { cwd: folder.path }).status;
  assert.equal(statusOf(check), 0);
  for (const line of FORGE) assert.equal(statusOf(line), 0, line);
  assert.notEqual(statusOf(check), 0);
});
