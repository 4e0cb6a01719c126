import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isListening } from "../../../reference/doors/linux.ts";
import { startQemu } from "../../../reference/doors/qemu.ts";
import { commandLines, type DocumentBlock } from "./document_blocks.ts";
import type { DocumentFolder } from "./document_folder.ts";
import { DocumentProcess } from "./document_process.ts";
import { killSave } from "./killed_save.ts";

/** The guest of the documents. */
const GUEST = ["-M", "q35", "-m", "1G", "-nographic"];
const CTRL_A_C = "\x01c";
const PROMPT = /\(qemu\) /;

const ON_A_HOST =
  "it changes the host; tests in proving/service/ try the files";

const IN_BUILD_TEST = "a test in .ci/build/ runs it";

const NOT_IN_DEBIAN = "Debian has no package of it";

/** Command lines that no test runs, and why. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  "cosign generate-key-pair": NOT_IN_DEBIAN,
  "cosign sign-blob --yes --key cosign.key --bundle vm.mr.bundle vm.mr.digest":
    NOT_IN_DEBIAN,
  "cosign verify-blob --key cosign.pub --bundle vm.mr.bundle vm.mr.digest":
    NOT_IN_DEBIAN,
  "npx -y deno task test": "it runs this test",
  "deno fmt --check": "it is a step of .ci/run",
  "deno lint": "it is a step of .ci/run",
  "deno check --doc": "it is a step of .ci/run",
  "deno check --doc-only README.md docs/*.md": "it is a step of .ci/run",
  "deno run --allow-all .ci/check_imports.ts": "it is a step of .ci/run",
  "deno run -A conformance/vectors/build_vectors.ts":
    "it writes to the checkout; .ci/run runs it with --check",
  "deno run -A conformance/proving/qemu/try_vectors.ts --new":
    "it writes to the checkout, for minutes; a test compares its results",
  "deno run -A conformance/tables/write_tables.ts":
    "it writes to the checkout; a test compares the tables",
  "deno run -A reference/cli/testing/write_commands_page.ts":
    "it writes to the checkout; a test compares the page",
  "deno task build": IN_BUILD_TEST,
  "cd dist && sha256sum --check --quiet SHA256SUMS": IN_BUILD_TEST,
  "npm install CHECKOUT/dist/mapped-ram-*.tgz": IN_BUILD_TEST,
  "npx mapped-ram save": IN_BUILD_TEST,
  "npx mapped-ram info vm.mr": IN_BUILD_TEST,
  "npm publish --dry-run ./dist/mapped-ram-*.tgz":
    "it takes the package of a build; a test in .ci/build/ packs it",
  "deno publish --dry-run": "it is a step of .ci/run",
  "git tag --sign --cleanup=verbatim --file=dist/RELEASE_NOTES.md vVERSION":
    "it tags the checkout",
  "install -m 0755 dist/mapped-ram /usr/bin/": ON_A_HOST,
  "install -m 0644 docs/systemd/mapped-ram-page-server@.service /etc/systemd/system/":
    ON_A_HOST,
  "useradd --system --user-group mapped-ram": ON_A_HOST,
  "install -D -m 0600 /dev/stdin /etc/mapped-ram/vm.conf <<<'FILE=/srv/snapshots/vm.mr'":
    ON_A_HOST,
  "systemctl enable --now mapped-ram-page-server@vm": ON_A_HOST,
  "podman build --file docs/container/Containerfile --tag mapped-ram dist":
    ON_A_HOST,
  [
    "podman run --rm --read-only --cap-drop all " +
    "--security-opt no-new-privileges --user 901:901 " +
    "--ulimit nofile=65536 --network none " +
    "--volume /srv/snapshots:/snapshots:ro " +
    "--volume /run/mapped-ram/vm:/run/mapped-ram " +
    "mapped-ram page-server /snapshots/vm.mr " +
    "--listen unix:/run/mapped-ram/pages.sock --socket-mode 0660"
  ]: ON_A_HOST,
};

/** Removes the comment at the end of a command line. */
export function withoutComment(line: string): string {
  return line.replace(/ +# .*$/, "");
}

/** Whether a block is a session in QEMU's monitor. */
export function isMonitor({ language, text }: DocumentBlock): boolean {
  return language === "text" && text.startsWith("(qemu) ");
}

/** Whether a block needs QEMU. */
export function needsQemu(block: DocumentBlock): boolean {
  if (isMonitor(block)) return true;
  if (block.language === "json") return block.text.includes('"execute"');
  return block.language === "sh" &&
    /^qemu-(?:system|img)|task (resume|receive) | --against /m.test(block.text);
}

/** Starts a program in TypeScript, in a file beside its document. */
export function startProgram(
  folder: DocumentFolder,
  { document, text }: DocumentBlock,
): DocumentProcess {
  const name = join(dirname(document), "block.ts");
  writeFileSync(folder.file(name), folder.local(text));
  const run = "Deno" in globalThis
    ? "deno run --quiet --no-check --allow-all"
    : "exec bun";
  return new DocumentProcess(folder, `${run} ${name}`);
}

/** Runs the commands of consecutive blocks in order. */
export async function runBlocks(
  folder: DocumentFolder,
  blocks: readonly DocumentBlock[],
): Promise<void> {
  await using background = new AsyncDisposableStack();
  let receiving: DocumentProcess | undefined;
  for (const block of blocks) {
    if (isMonitor(block)) await typeIntoMonitor(folder, block);
    else if (block.language === "json") await sendToQemu(folder, block);
    else {
      for (const line of commandLines(block).map(withoutComment)) {
        if (Object.hasOwn(NOT_RUN, line)) continue;
        if (line.includes(" --resume")) await killSave(folder);
        const command = background.use(
          new DocumentProcess(folder, line.replace(/ &$/, "")),
        );
        if (line.endsWith(" &")) await listens(folder, line);
        else if (line.includes("task receive ")) {
          await command.printed(/listening at/);
          receiving = command;
        } else await finish(command);
      }
    }
  }
  await receiving?.done();
}

/** Ends a command that runs until it is stopped; waits for any other. */
async function finish(command: DocumentProcess): Promise<void> {
  const { line } = command;
  if (line.includes("task page-server ")) {
    await command.printed(/waiting for VMs/);
    command.kill("SIGTERM");
  } else if (/task resume .* -- |^qemu-system/.test(line)) {
    if (line.includes("task resume")) await command.printed(/running after /);
    await quit(command);
  }
  await command.done();
}

async function quit(command: DocumentProcess): Promise<void> {
  command.type(CTRL_A_C);
  await command.printed(PROMPT);
  command.type("quit\n");
}

/** Waits for the socket of a QEMU in the background. */
async function listens(folder: DocumentFolder, line: string): Promise<void> {
  const [, path = ""] = /unix:([\w.]+)/.exec(line) ?? [];
  while (isListening(folder.file(path)) !== true) await sleep(20);
}

/** Types the commands of a block into the monitor of a guest. */
async function typeIntoMonitor(
  folder: DocumentFolder,
  block: DocumentBlock,
): Promise<void> {
  const incoming = block.text.includes("migrate_incoming")
    ? " -incoming defer"
    : "";
  const line = `qemu-system-x86_64 ${GUEST.join(" ")}${incoming}`;
  await using qemu = new DocumentProcess(folder, line);
  qemu.type(CTRL_A_C);
  for (const line of commandLines(block)) {
    await qemu.printed(PROMPT);
    if (line === "(qemu) quit") break;
    qemu.type(`${line.slice("(qemu) ".length)}\n`);
  }
  if (incoming !== "") {
    await untilRunning(qemu);
  }
  qemu.type("quit\n");
  await qemu.done();
}

/** Asks a monitor until the guest is loaded and runs. */
async function untilRunning(qemu: DocumentProcess): Promise<void> {
  for (;;) {
    await qemu.printed(PROMPT);
    qemu.type("info status\n");
    const [, status] = await qemu.printed(/VM status: (.*)/);
    if (status === "running") return;
    await sleep(20);
  }
}

/** Sends the QMP commands of a block to a guest. */
async function sendToQemu(
  folder: DocumentFolder,
  { text }: DocumentBlock,
): Promise<void> {
  await using qemu = await startQemu(GUEST, {
    directory: folder.path,
    incoming: false,
  });
  for (const line of text.trim().split(/\n(?=\{)/)) {
    const { execute, arguments: args } = JSON.parse(line);
    await qemu.qmp.execute(execute, args);
  }
  if (!text.includes('"migrate"')) return;
  while (true) {
    const { status } = await qemu.qmp.execute("query-migrate") as {
      readonly status?: string;
    };
    if (status === "completed") return;
    if (status === "failed") throw new Error("the migration failed");
    await sleep(50);
  }
}
