import { Problem } from "@quintet/http";
import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import { isTrustworthy } from "./external-issuers-setting.ts";

const limitMs = 5000;
const maxBytes = 512 * 1024;

const documentSchema = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(1000) });

/**
 * Fetches the keys of an issuer by its discovery document (OpenID Connect Discovery section 4). The document must name the issuer, and
 * both must come over TLS, or from this machine if the issuer is here too; within 5 s each, at most 512 KiB, and without a redirect.
 * Throws an `unavailable` problem otherwise, whose cause says what was wrong.
 */
export async function discoverKeys(issuer: string): Promise<JSONWebKeySet> {
  try {
    const found = await fetchJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    const document = documentSchema.parse(found);
    if (document.issuer !== issuer) throw new Error("The discovery document names another issuer.");
    const isHere = issuer.startsWith("http:");
    if (!isTrustworthy(document.jwks_uri) || (!isHere && document.jwks_uri.startsWith("http:"))) {
      throw new Error("jwks_uri must be an https:// URL.");
    }
    const { keys } = keySetSchema.parse(await fetchJson(document.jwks_uri));
    return { keys: keys.filter(({ kty, use }) => kty !== "oct" && (use === undefined || use === "sig")) };
  } catch (cause) {
    throw new Problem("unavailable", "The keys of the token's issuer are unavailable.", {
      headers: { "Retry-After": "5" },
      cause: new Error(`No keys of ${issuer}`, { cause }),
    });
  }
}

/** Fetches JSON, up to `maxBytes`. */
async function fetchJson(url: string): Promise<unknown> {
  const signal = AbortSignal.timeout(limitMs);
  const response = await fetch(url, { redirect: "error", signal, headers: { Accept: "application/json" } });
  if (response.status !== 200 || !response.body) throw new Error(`It responded with ${response.status}.`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`It is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
