import { isLoopback } from "@quintet/auth/issuer";

/** What is wrong with a redirect URI of a new client; `undefined` when it is valid. */
export function redirectUriFault(text: string): string | undefined {
  if (text.length > 1000 || !/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return "must be an absolute URI";
  const url = new URL(text);
  if (text.includes("#")) return "must not have a fragment";
  if (url.username !== "" || url.password !== "") return "must not contain credentials";
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) return undefined;
  // RFC 8252 section 7.1: a private scheme is a reversed domain name, so it has a dot.
  if (/^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:$/.test(url.protocol)) return undefined;
  return "must be https, http on the loopback interface, or a private scheme such as com.example.app";
}

/**
 * Whether a redirect URI is one of the registered ones, compared character by character (RFC 9700 section 4.1.3); one on the
 * loopback interface may have any port (RFC 8252 section 7.3).
 */
export function isRegistered(redirectUri: string, registered: string[]): boolean {
  return registered.some(
    (one) => one === redirectUri || (anyPort(one) !== undefined && anyPort(one) === anyPort(redirectUri)),
  );
}

/** A loopback URI without its port; `undefined` for any other. */
function anyPort(text: string): string | undefined {
  const found = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d{1,5})?((?:\/[\x21-\x7e]*)?)$/.exec(text);
  return found ? `${found[1]}${found[2]}` : undefined;
}
