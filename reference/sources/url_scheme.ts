/** The scheme of a URL in lower case; undefined if a text is no URL. */
export function urlScheme(text: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1].toLowerCase();
}

/** Whether a text is a URL of a web server. */
export function isWebUrl(text: string): boolean {
  const scheme = urlScheme(text);
  return scheme === "http" || scheme === "https";
}
