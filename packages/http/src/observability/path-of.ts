/** The path of a request target, such as Node's `request.url`: everything before the query. */
export function pathOf(target = "/"): string {
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}
