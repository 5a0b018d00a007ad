/** The max number of people that a text mentions; further handles are text. */
const maxMentions = 20;

/** `@` and a handle. No mention: an email address, a handle of another server (`@ana@example.com`), a part of a URL. */
const mention = /(?<![\p{L}\p{M}\p{N}_@/.])@([A-Za-z0-9_]{2,30})(?![\p{L}\p{M}\p{N}_@])/gu;

/** The handles that a text mentions, without `@`, in lower case, once each. */
export function handlesIn(...texts: string[]): string[] {
  const found = new Set(
    texts.flatMap((text) => [...text.matchAll(mention)].map(([, handle = ""]) => handle.toLowerCase())),
  );
  return [...found].slice(0, maxMentions);
}
