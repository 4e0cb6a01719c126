import { spawnSync } from "node:child_process";
import { linkSync } from "node:fs";
import { after, test } from "node:test";
import {
  NO_REFLINKS,
  ReflinkDisk,
} from "../../../reference/testing/reflink_disk.ts";
import { handlerTest } from "../page_server/handler_test_case.ts";
import { qemuTest } from "../qemu/qemu_test_case.ts";
import {
  type DocumentBlock,
  documentBlocks,
  isOfPackage,
} from "./document_blocks.ts";
import {
  packSnapshot,
  sealSnapshot,
  writeDocumentFiles,
} from "./document_files.ts";
import { DocumentFolder } from "./document_folder.ts";
import { isMonitor, needsQemu, runBlocks, startProgram } from "./run_block.ts";

const IS_DENO = "Deno" in globalThis;
const BLOCKS = documentBlocks().filter((it) => !isOfPackage(it));
/** Programs that sign digests. */
const SIGNERS = ["minisign", "fsverity"];
const nameOf = (it: DocumentBlock) => `${it.document}:${it.line}`;

function isInstalled(program: string): boolean {
  return spawnSync(program, ["--help"]).error === undefined;
}

/** Defines a test that runs a block; it is skipped if something is missing. */
function blockTest(
  name: string,
  block: DocumentBlock,
  run: (folder: DocumentFolder) => Promise<void>,
): void {
  const sharesBlocks = block.text.includes("task checkpoint");
  async function inFolder(): Promise<void> {
    using disk = sharesBlocks ? new ReflinkDisk("xfs") : undefined;
    await using folder = await DocumentFolder.make(disk?.path);
    await writeDocumentFiles(folder, block.text);
    await sealSnapshot(folder, block.text);
    await run(folder);
  }
  const tool = SIGNERS.find((it) => block.text.includes(`${it} `));
  const isMissing = tool !== undefined && !isInstalled(tool);
  const servesFaults = /doors\/linux|task page-server/.test(block.text);
  const skip = !IS_DENO && block.language !== "ts"
    ? "tasks are Deno's"
    : isMissing
    ? `${tool} is not installed`
    : sharesBlocks && NO_REFLINKS;
  if (servesFaults && skip === false) handlerTest(name, inFolder);
  else test(name, { timeout: 300_000, skip }, inFolder);
}

for (const block of BLOCKS) {
  const { language } = block;
  if (language === "ts") {
    blockTest(
      `the TypeScript at ${nameOf(block)} runs`,
      block,
      async (folder) => {
        await using running = startProgram(folder, block);
        await running.done();
      },
    );
  } else if (language === "sh" && !needsQemu(block)) {
    blockTest(
      `the commands at ${nameOf(block)} succeed`,
      block,
      (folder) => runBlocks(folder, [block]),
    );
  }
}

/** The guest that QEMU saves as README.md describes, saved only once. */
let saved: Promise<DocumentFolder> | undefined;

function savedGuest(): Promise<DocumentFolder> {
  return saved ??= (async () => {
    const folder = await DocumentFolder.make();
    await runBlocks(folder, BLOCKS.filter(isMonitor).slice(0, 1));
    return folder;
  })();
}

after(async () => await (await saved)?.[Symbol.asyncDispose]());

for (const [index, block] of BLOCKS.entries()) {
  if (!IS_DENO || !needsQemu(block)) continue;
  const [before, next] = [BLOCKS[index - 1], BLOCKS[index + 1]];
  if (isMonitor(block) && before.text.includes("task receive")) continue;
  const blocks = block.text.includes("task receive") ? [block, next] : [block];
  qemuTest(
    `the commands at ${nameOf(block)} work with QEMU`,
    "x86_64",
    async () => {
      const guest = await savedGuest();
      await using folder = await DocumentFolder.make();
      const others = block.text.replaceAll(/vm\.(?:mr|qcow2)/g, "");
      await writeDocumentFiles(folder, others);
      // QEMU would overwrite the linked file, which all these tests read.
      if (block.language !== "json") {
        linkSync(guest.file("vm.mr"), folder.file("vm.mr"));
      }
      await sealSnapshot(folder, block.text);
      await packSnapshot(folder, block.text);
      await runBlocks(folder, blocks);
    },
  );
}
