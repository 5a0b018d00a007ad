const questionMark = 0x3f;
const hash = 0x23;

/** The path of an absolute URL, without building a URL object per request. */
export function urlPath(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  for (let end = start; end < url.length; end++) {
    const code = url.charCodeAt(end);
    if (code === questionMark || code === hash) return url.slice(start, end);
  }
  return url.slice(start);
}
