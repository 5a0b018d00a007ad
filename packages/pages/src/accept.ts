import { acceptWeight } from "@quintet/http";

/**
 * Whether a client would rather have HTML than JSON (RFC 9110 section 12.5.1). `otherwise` is the answer for a client that
 * takes either as gladly, such as one that says nothing.
 */
export function prefersHtml(accept: string | undefined, otherwise: boolean): boolean {
  if (accept === undefined) return otherwise;
  const html = acceptWeight(accept, "text/html");
  const json = acceptWeight(accept, "application/json");
  return html === json ? otherwise : html > json;
}
