import assert from "node:assert/strict";
import { utimesSync, writeFileSync } from "node:fs";
import {
  createFileSink,
  memorySink,
  memorySource,
  openSnapshotSync,
  saveSnapshot,
  sealSource,
} from "../../../mod.ts";
import {
  type BrowserCase,
  browserTest,
  LIBRARY,
} from "./testing/browser_test_case.ts";

const FILE = "vm.mr";

/** Memory with a few pages, in a page or here. */
const RAM = "new Uint8Array(0x200000).fill(7, 0x100000, 0x108000)";

function ram(): Uint8Array {
  return new Uint8Array(0x200000).fill(7, 0x100000, 0x108000);
}

/** The bytes that saving this memory gives on this runtime. */
async function expectedFile(): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(ram()) }]);
  return sink.bytes();
}

/** Opens an empty page, served one way. */
async function openEmpty(
  { page, files, site }: BrowserCase,
  way = "plain",
): Promise<void> {
  writeFileSync(files.file("index.html"), '<input type="file" id="file">');
  await page.goto(site.url(way, "index.html"));
}

/**
 * Runs the body of an async function in the page, where `library` is the
 * library; returns its result, or the message of its error.
 */
async function inPage({ page }: BrowserCase, body: string): Promise<unknown> {
  return await page.evaluate(`(async () => {
    const library = await import("./${LIBRARY}");
    try {
      ${body}
    } catch (error) {
      return String(error);
    }
  })()`);
}

/** Saves memory in the page; returns the bytes, encoded in base64. */
const SAVE = `
  const sink = library.memorySink();
  const blocks = [{ idstr: "ram", source: library.memorySource(ram) }];
  await library.saveSnapshot(sink, blocks, { jobs: 4 });
  return sink.bytes().toBase64();`;

/** Opens the snapshot of the other origin without waiting between retries. */
function openOther({ other }: BrowserCase, way: string): string {
  const url = JSON.stringify(other.url(way, FILE));
  return `const http = await library.openHttpSource(${url}, { retryDelay: 1 });`;
}

const WAYS = {
  origin: "add_header Access-Control-Allow-Origin *;",
  range: "add_header Access-Control-Allow-Origin *;" +
    "add_header Access-Control-Expose-Headers Content-Range;",
};

browserTest(
  "an error says which headers a server of another origin does not send",
  async (given) => {
    writeFileSync(given.files.file(FILE), await expectedFile());
    await openEmpty(given);
    assert.match(
      String(await inPage(given, openOther(given, "plain"))),
      /^SourceError: Cannot read .* the browser gives no reason .* of another origin and sends no Access-Control-Allow-Origin \(5 tries\)$/,
    );
    assert.match(
      String(await inPage(given, openOther(given, "origin"))),
      /^SourceError: .* Content-Range null, expected .* Access-Control-Expose-Headers: Content-Range, ETag$/,
    );
  },
  { other: WAYS },
);

browserTest(
  "many ranges are read from a server that answers no OPTIONS",
  async (given) => {
    writeFileSync(given.files.file(FILE), await expectedFile());
    await openEmpty(given);
    const found = await inPage(
      given,
      `${openOther(given, "range")}
       const { good } = await library.verifySnapshot(http, { pages: true });
       const starts = [0, 0x100000, 0x180000];
       const read = [];
       await library.readRanges(
         http,
         starts.map((offset) => ({ offset, length: 4 })),
         { take: (bytes, { index }) => void (read[index] = [...bytes]) },
       );
       return { good, read };`,
    );
    const file = await expectedFile();
    const read = [0, 0x100000, 0x180000].map((it) => [
      ...file.subarray(it, it + 4),
    ]);
    assert.deepEqual(found, { good: true, read });
  },
  { other: WAYS },
);

browserTest(
  "saving gives the same bytes in any page, with and without WebAssembly",
  async (given) => {
    const expected = (await expectedFile()).toBase64();
    for (const way of ["plain", "strict", "isolated"]) {
      await openEmpty(given, way);
      assert.equal(await inPage(given, `const ram = ${RAM};${SAVE}`), expected);
    }
    const shared = `const ram = new Uint8Array(new SharedArrayBuffer(0x200000));
      ram.set(${RAM});`;
    assert.equal(await inPage(given, shared + SAVE), expected);
  },
  {
    site: {
      strict: `add_header Content-Security-Policy "script-src 'self'";`,
      isolated: "add_header Cross-Origin-Opener-Policy same-origin;" +
        "add_header Cross-Origin-Embedder-Policy require-corp;",
    },
  },
);

browserTest("a worker of the page reads a chosen file", async (given) => {
  const path = given.files.file(FILE);
  writeFileSync(path, await expectedFile());
  writeFileSync(
    given.files.file("worker.js"),
    `import { blobSource, openSnapshot } from "./${LIBRARY}";
     onmessage = async ({ data }) => {
       const snapshot = await openSnapshot(blobSource(data));
       postMessage((await snapshot.block("ram").readPage(256))[0]);
     };
     postMessage("ready");`,
  );
  await openEmpty(given);
  await given.page.setInputFiles("#file", path);
  const found = await inPage(
    given,
    `const worker = new Worker("./worker.js", { type: "module" });
     const answer = () =>
       new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
     await answer();
     worker.postMessage(document.querySelector("#file").files[0]);
     return await answer();`,
  );
  assert.equal(found, 7);
});

browserTest("a file that changed has to be chosen again", async (given) => {
  const path = given.files.file(FILE);
  await saveSnapshot(createFileSink(path), [
    { idstr: "ram", source: memorySource(ram()) },
  ]);
  await openEmpty(given);
  await given.page.setInputFiles("#file", path);
  const read = `const [file] = document.querySelector("#file").files;
    const snapshot = await library.openSnapshot(library.blobSource(file));
    return (await snapshot.block("ram").readPage(256))[0];`;
  assert.equal(await inPage(given, read), 7);
  utimesSync(path, new Date(), new Date(0));
  assert.match(
    String(await inPage(given, read)),
    /^SourceError: Cannot read "vm\.mr": NotReadableError.*if it is a file that has changed, choose it again$/,
  );
});

browserTest(
  "a page checks what it reads against a digest",
  async (given) => {
    const { page, files, other } = given;
    const bytes = await expectedFile();
    const sidecar = memorySink();
    const { digest } = await sealSource(memorySource(bytes), sidecar);
    writeFileSync(files.file(FILE), bytes);
    writeFileSync(files.file(`${FILE}.verity`), sidecar.bytes());
    await openEmpty(given);
    await page.setInputFiles("#file", files.file(FILE));
    const url = JSON.stringify(other.url("range", FILE));
    const tree = JSON.stringify(other.url("range", `${FILE}.verity`));
    const check = `
      const [file] = document.querySelector("#file").files;
      const given = { tree: ${tree}, digest: "${digest}" };
      const read = async (source) => {
        const tree = await library.openHttpSource(given.tree);
        const options = { tree, digest: given.digest };
        const verified = await library.verifiedSource(source, options);
        try {
          const { good } = await library.verifySnapshot(verified);
          const block = (await library.openSnapshot(verified)).block("ram");
          return [good, (await block.readPage(256))[0]];
        } catch (error) {
          return [error.name, error.rule, error.offset];
        }
      };
      return {
        chosen: await read(library.blobSource(file)),
        url: await read(await library.openHttpSource(${url})),
        sealed: (await library.sealSource(
          library.blobSource(file), library.memorySink())).digest,
      };`;
    const right = { chosen: [true, 7], url: [true, 7], sealed: digest };
    assert.deepEqual(await inPage(given, check), right);
    const { pagesOffset } = openSnapshotSync(memorySource(bytes)).block("ram");
    const offset = pagesOffset + 0x100000;
    bytes[offset + 4095] ^= 1;
    writeFileSync(files.file(FILE), bytes);
    await openEmpty(given);
    await page.setInputFiles("#file", files.file(FILE));
    const wrong = await inPage(given, check) as typeof right;
    const error = ["IntegrityError", "verity-data", offset];
    assert.deepEqual([wrong.chosen, wrong.url], [error, error]);
    assert.notEqual(wrong.sealed, digest);
  },
  { other: WAYS },
);

browserTest("a page without WebCrypto says what it needs", async (given) => {
  await openEmpty(given);
  // A page by http from another host has none.
  const found = await inPage(
    given,
    `Object.defineProperty(crypto, "subtle", { value: undefined });
     const source = library.memorySource(new Uint8Array(1));
     return await library.verityDigest(source);`,
  );
  assert.match(String(found), /^SourceError: .*no WebCrypto.* https/);
});

browserTest("functions for local files say what to use", async (given) => {
  await openEmpty(given);
  assert.equal(
    await inPage(given, 'library.openFileSource("vm.mr");'),
    "SourceError: Cannot open files: this runtime has no node:fs: in a " +
      "browser, use blobSource, openHttpSource and memorySink",
  );
});
