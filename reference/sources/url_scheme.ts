/** Returns the scheme of a URL in lower case; undefined for any other text. */
export function urlScheme(text: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1].toLowerCase();
}

/** Whether a text is an http or https URL. */
export function isWebUrl(text: string): boolean {
  const scheme = urlScheme(text);
  return scheme === "http" || scheme === "https";
}
