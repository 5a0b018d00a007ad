import { type CurrentRequest, currentRequest, observation } from "@quintet/http";

const comments = new WeakMap<CurrentRequest, string>();

/**
 * A statement with the id of the request that it is sent for, in the format of sqlcommenter: a last line like
 * `/*requestId='4711'*\/`. Untouched outside a request. A `prepared` statement is kept by the server under its text,
 * which would be a new one for each request: it is left as it is unless all statements shall be commented.
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

/** On a line of its own, because a statement may end in a `--` comment. What is encoded holds no `*`, quote or placeholder. */
function commentOf({ id, span }: CurrentRequest): string {
  const trace = span ? `,traceparent='${encoded(span.traceparent)}'` : "";
  return `\n/*requestId='${encoded(id)}'${trace}*/`;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}
