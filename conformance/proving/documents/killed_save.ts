import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import type { DocumentFolder } from "./document_folder.ts";

const SAVE = `
import { createFileSink, openFileSource, saveSnapshot } from "./mod.ts";
import process from "node:process";
using image = openFileSource("memory.img");
const source = {
  name: image.name,
  byteLength: image.byteLength,
  async readInto(target, offset) {
    if (offset > image.byteLength / 2) process.kill(process.pid, "SIGKILL");
    await image.readInto(target, offset);
  },
};
await saveSnapshot(createFileSink("out.mr"), [{ idstr: "pc.ram", source }], {
  machine: "pc-i440fx-10.0",
});
`;

/** Starts a save of memory.img to out.mr that is killed halfway. */
export async function killSave(folder: DocumentFolder): Promise<void> {
  writeFileSync(folder.file("save.js"), SAVE);
  await new Promise<void>((resolve, reject) => {
    const args = ["run", "--quiet", "--allow-all", "save.js"];
    const { path: cwd } = folder;
    execFile(process.execPath, args, { cwd }, (error) => {
      if (error?.signal === "SIGKILL") resolve();
      else reject(new Error("the save was not killed", { cause: error }));
    });
  });
}
