import { Problem } from "../errors/problem.ts";

/** How much a client prefers a media type: the weight of the most specific range that covers it, 0 to 1 (RFC 9110 section 12.5.1). */
export function acceptWeight(accept: string, type: string): number {
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

/**
 * The one of `types` that an `Accept` header prefers; of several it prefers equally, and without the header, the first. Throws
 * `not-acceptable` when it covers none of them.
 */
export function acceptedType<T extends string>(accept: string | undefined, types: readonly [T, ...T[]]): T {
  if (accept === undefined || accept.trim() === "") return types[0];
  let best = types[0];
  let most = 0;
  for (const type of types) {
    const weight = acceptWeight(accept, type);
    if (weight > most) [best, most] = [type, weight];
  }
  if (most > 0) return best;
  throw new Problem("not-acceptable", `Accept covers none of the available media types: ${types.join(", ")}.`);
}
