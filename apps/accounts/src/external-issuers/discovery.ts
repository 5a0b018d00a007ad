import { Problem } from "@quintet/http";
import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import { isTrustworthy } from "./external-issuers-setting.ts";

const limitMs = 5000;
const mostBytes = 512 * 1024;

const documentSchema = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(1000) });

/**
 * An issuer's keys, by its discovery document (OpenID Connect Discovery section 4). The document must be the issuer's own, and both come by TLS,
 * or from this machine when the issuer is here too; within 5 s each, 512 KiB at most, and from where they were asked for: a
 * redirect is not followed. Anything else is an `unavailable` problem, whose cause says what was wrong.
 */
export async function discoverKeys(issuer: string): Promise<JSONWebKeySet> {
  try {
    const found = await fetchJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    const document = documentSchema.parse(found);
    if (document.issuer !== issuer) throw new Error("The discovery document is another issuer's.");
    const isHere = issuer.startsWith("http:");
    if (!isTrustworthy(document.jwks_uri) || (!isHere && document.jwks_uri.startsWith("http:"))) {
      throw new Error("jwks_uri must be an https:// URL.");
    }
    const { keys } = keySetSchema.parse(await fetchJson(document.jwks_uri));
    return { keys: keys.filter(({ kty, use }) => kty !== "oct" && (use === undefined || use === "sig")) };
  } catch (cause) {
    throw new Problem("unavailable", "The issuer of this token cannot be asked for its keys just now.", {
      headers: { "Retry-After": "5" },
      cause: new Error(`No keys of ${issuer}`, { cause }),
    });
  }
}

/** What is at a URL, read no further than allowed. */
async function fetchJson(url: string): Promise<unknown> {
  const signal = AbortSignal.timeout(limitMs);
  const answer = await fetch(url, { redirect: "error", signal, headers: { Accept: "application/json" } });
  if (answer.status !== 200 || !answer.body) throw new Error(`It answered ${answer.status}.`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`It is larger than ${mostBytes} bytes.`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
