import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import {
  createFileSink,
  memorySource,
  openFileSource,
  openSnapshotSync,
  saveSnapshot,
} from "../../../mod.ts";
import { documentBlocks } from "../documents/document_blocks.ts";
import { type BrowserCase, browserTest } from "./testing/browser_test_case.ts";

const BLOCKS = documentBlocks();
const [READING, SAVING] = BLOCKS.filter(({ language }) => language === "html");
/** The directives of the documents, which permit any page to read. */
const PERMITTED = BLOCKS.find(({ language }) => language === "nginx")?.text
  .replace("https://page.example", "*") ?? "";

const FILE = "vm.mr";
/** What the page shows of the file. */
const SHOWN = `pc.ram: 512 pages, page 300: ${"7,".repeat(15)}7\n` +
  "vga.vram: 16 pages";

async function openPage(
  { page, files, site }: BrowserCase,
  { text }: { readonly text: string },
): Promise<void> {
  writeFileSync(files.file("index.html"), text);
  const response = await page.goto(site.url("plain", "index.html"));
  assert.equal(response?.status(), 200);
}

async function writeSnapshot(path: string): Promise<void> {
  const ram = new Uint8Array(0x200000).fill(7, 300 * 4096, 400 * 4096);
  await saveSnapshot(createFileSink(path), [
    { idstr: "pc.ram", source: memorySource(ram) },
    { idstr: "vga.vram", source: memorySource(new Uint8Array(0x10000)) },
  ]);
}

/** Waits until the page shows something. */
async function shown({ page }: BrowserCase): Promise<string> {
  const output = page.locator("#output:not(:empty)");
  await output.waitFor({ state: "attached" });
  return await output.textContent() ?? "";
}

browserTest("the page of the documents reads a chosen file", async (given) => {
  const path = given.files.file(FILE);
  await writeSnapshot(path);
  await openPage(given, READING);
  await given.page.setInputFiles("#file", path);
  assert.equal(await shown(given), SHOWN);
  writeFileSync(path, "else");
  await openPage(given, READING);
  await given.page.setInputFiles("#file", path);
  assert.match(await shown(given), /^Cannot .*"vm\.mr"/);
});

browserTest(
  "the page of the documents reads a URL of another origin",
  async (given) => {
    const { page, files, other } = given;
    await writeSnapshot(files.file(FILE));
    await openPage(given, READING);
    await page.fill("#url", other.url("permitted", FILE));
    await page.press("#url", "Enter");
    assert.equal(await shown(given), SHOWN);
  },
  { other: { permitted: PERMITTED } },
);

browserTest("the page of the documents saves memory", async (given) => {
  const { page, files } = given;
  await openPage(given, SAVING);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.click("#save"),
  ]);
  const path = files.file("saved.mr");
  await download.saveAs(path);
  assert.equal(download.suggestedFilename(), "ram.mr");
  using source = openFileSource(path);
  const ram = openSnapshotSync(source).block("ram");
  assert.deepEqual([...ram.presentRunsSync()], [{ first: 7, end: 8 }]);
  assert(ram.readPageSync(7).every((byte) => byte === 1));
});
