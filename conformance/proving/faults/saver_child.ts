/**
 * Saves images in turn to the same file until it is killed. The arguments are
 * the file, the number of jobs, whether the first save resumes, and the images.
 *
 * @module
 */

import process from "node:process";
import { createFileSink, openFileSource, saveSnapshot } from "../../../mod.ts";

const [target, jobs, resume, ...images] = process.argv.slice(2);
let isFirst = resume === "true";
process.stdout.write("ready\n");
for (;;) {
  for (const image of images) {
    using source = openFileSource(image);
    const sink = createFileSink(target, { force: true, resume: isFirst });
    await saveSnapshot(sink, [{ idstr: "ram", source }], {
      jobs: Number(jobs),
      resume: isFirst,
    });
    isFirst = false;
  }
}
