/**
 * The file name of a RAMBlock's image: its idstr, with `%XX` for characters that
 * do not belong into a file name. No two idstrs have the same.
 */
export function imageName(idstr: string): string {
  const escaped = idstr.replace(
    /[^A-Za-z0-9._@:+-]|^\./g,
    (character) =>
      `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return `${escaped}.img`;
}
