const maxLength = 8000;

/** Pages that would lead in a circle, or sign out again, after a sign-in. */
const signInPages = /^\/auth\/(?:sign-(?:in|up|out)|renew)(?:[/?#]|$)/;

/**
 * Returns `text` when it is a path of this site that is safe in a `Location` header; `undefined` for what a browser could take for
 * another site (`//evil`, `/\evil`, `https:…`), for anything but visible ASCII, and for the sign-in pages themselves.
 */
export function localPath(text: string | undefined): string | undefined {
  if (text === undefined || text.length > maxLength || !/^\/[\x21-\x7e]*$/.test(text) || text.includes("\\"))
    return undefined;
  // A browser resolves dot segments before it goes on: /.//evil must not become //evil.
  const url = URL.parse(text, "http://local.invalid");
  if (url?.origin !== "http://local.invalid" || url.pathname.startsWith("//")) return undefined;
  return signInPages.test(url.pathname) ? undefined : text;
}

/** The path and query of an absolute URL. */
export function pathAndQuery(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
