import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SUMS } from "./checksums.ts";
import { CONFIGURATION, NAME, ROOT } from "./project.ts";

/** The notes of a release, in Markdown. */
export const NOTES = "RELEASE_NOTES.md";

/**
 * Returns what docs/CHANGELOG.md says about a version, without the heading,
 * which is `## VERSION (DATE)`, or `## Unreleased (VERSION)` before that.
 *
 * @throws {RangeError} if no section or several are about this version
 */
export function changesOf(changelog: string, version: string): string {
  const found = changelog.split(/^## /m).slice(1).filter((section) => {
    const [heading] = section.split("\n", 1);
    return heading.split(/[\s()]+/).includes(version);
  });
  if (found.length !== 1) {
    throw new RangeError(
      `Cannot write notes on ${version}: docs/CHANGELOG.md has ` +
        `${found.length} sections about it, expected one, ` +
        `"## ${version} (DATE)" or "## Unreleased (${version})"`,
    );
  }
  return found[0].slice(found[0].indexOf("\n")).trim();
}

/**
 * Makes the notes of the release: what has changed, and the checksums of its
 * files, from the lines of `SHA256SUMS`.
 */
export function releaseNotes(sums: string): string {
  const { version } = CONFIGURATION;
  const changelog = readFileSync(join(ROOT, "docs/CHANGELOG.md"), "utf8");
  // Folders are not attached, and links lead nowhere from here.
  const files = sums.replaceAll(/^\w+ {2}.*\/.*\n/gm, "");
  const changes = changesOf(changelog, version)
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  return `# ${NAME} ${version}

${changes}

### Files

Check what you have downloaded, in its folder:

\`\`\`sh
sha256sum --check --ignore-missing ${SUMS}
\`\`\`

\`\`\`text
${files}\`\`\`

From the tag, \`deno task build\` makes the same files, on the same platform and
with the same npm.
`;
}
