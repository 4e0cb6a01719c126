/**
 * A word as a shell takes it: as it is, or in quotes where a shell would make
 * something else of it. Names in a file are chosen by whoever made the file.
 */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`;
}
