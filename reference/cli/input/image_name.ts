/**
 * Returns the file name of a RAMBlock's image: its idstr, with `%XX` in place
 * of characters that are unsuitable in a file name. Different idstrs have
 * different names.
 */
export function imageName(idstr: string): string {
  const escaped = idstr.replace(
    /[^A-Za-z0-9._@:+-]|^\./g,
    (character) =>
      `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return `${escaped}.img`;
}
