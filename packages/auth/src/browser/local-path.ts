const most = 8000;

/** Pages that would lead in a circle, or sign out again, after a sign-in. */
const notAgain = /^\/auth\/(?:sign-(?:in|up|out)|renew)(?:[/?#]|$)/;

/**
 * A path of this site as it may stand in a `Location`; `undefined` for whatever a browser could take for another site
 * (`//evil`, `/\evil`, `https:…`), for anything but visible ASCII, and for the pages of the sign-in itself.
 */
export function localPath(text: string | undefined): string | undefined {
  if (text === undefined || text.length > most || !/^\/[\x21-\x7e]*$/.test(text) || text.includes("\\"))
    return undefined;
  // A browser resolves dot segments before it goes on: /.//evil must not become //evil.
  const url = URL.parse(text, "http://local.invalid");
  if (url?.origin !== "http://local.invalid" || url.pathname.startsWith("//")) return undefined;
  return notAgain.test(url.pathname) ? undefined : text;
}

/** The path and query of an absolute URL. */
export function pathAndQuery(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
