const plain = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i;
let last: string | undefined;

/**
 * Whether a Host header is one that a URL may have (RFC 9112 section 3.2): `a.1`, `%zz` and `a:99999` look plain, but no URL can
 * be made of them. The last good one is remembered, because nearly all requests bring the same.
 */
export function isHost(host: string): boolean {
  if (host === last) return true;
  if (!plain.test(host) || !URL.canParse(`http://${host}/`)) return false;
  last = host;
  return true;
}
