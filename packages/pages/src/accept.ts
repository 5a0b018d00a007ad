/**
 * Whether a client would rather have HTML than JSON (RFC 9110 section 12.5.1). `otherwise` is the answer for a client that
 * takes either as gladly, such as one that says nothing.
 */
export function prefersHtml(accept: string | undefined, otherwise: boolean): boolean {
  if (accept === undefined) return otherwise;
  const html = quality(accept, "text/html");
  const json = quality(accept, "application/json");
  return html === json ? otherwise : html > json;
}

/** How gladly a client takes a media type: the weight of the most specific range that covers it, 0 to 1. */
function quality(accept: string, type: string): number {
  const group = `${type.slice(0, type.indexOf("/"))}/*`;
  let found = { specificity: 0, weight: 0 };
  for (const range of accept.toLowerCase().split(",")) {
    const [name, ...parameters] = range.split(";").map((part) => part.trim());
    const specificity = [undefined, "*/*", group, type].indexOf(name);
    if (specificity <= found.specificity) continue;
    const weight = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    found = { specificity, weight: Number.isFinite(weight) ? weight : 0 };
  }
  return found.weight;
}
