import { type CurrentRequest, currentRequest, observation } from "@quintet/http";

const comments = new WeakMap<CurrentRequest, string>();

/**
 * Appends the id of the current request to a statement, in the format of sqlcommenter: a last line like
 * `/*requestId='4711'*\/`. Outside a request the statement is unchanged. A `prepared` statement is unchanged as well
 * unless `SQL_COMMENTS=all`: the server caches it by its text, which would differ for each request.
 */
export function withComment(text: string, prepared: boolean): string {
  const { sqlComments } = observation();
  if (sqlComments === "off" || (prepared && sqlComments === "text")) return text;
  const request = currentRequest();
  if (request === undefined) return text;
  let comment = comments.get(request);
  if (comment === undefined) {
    comment = commentOf(request);
    comments.set(request, comment);
  }
  return text + comment;
}

/** On its own line, because a statement may end in a `--` comment. Encoded text has no `*`, quote or placeholder. */
function commentOf({ id, span }: CurrentRequest): string {
  const trace = span ? `,traceparent='${encoded(span.traceparent)}'` : "";
  return `\n/*requestId='${encoded(id)}'${trace}*/`;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}
