import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { faultsOfProblem } from "../../harness/problem.ts";
import { routesOf } from "./guarded-routes.ts";

type Fields = Record<string, unknown>;
type Forgery = (good: { claims: Fields; header: Fields; token: string }) => string;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part = "") => JSON.parse(Buffer.from(part, "base64url").toString()) as Fields;

/** What every app must refuse, each made as well as its forger can; `evil` is an origin that serves the forger's keys. */
function forgeries(own: KeyObject, evil: string): Record<string, Forgery> {
  const other = generateKeyPairSync("ed25519").privateKey;
  const signed = (claims: Fields, header: Fields, by = own) => {
    const input = `${encode(header)}.${encode(claims)}`;
    return `${input}.${sign(null, Buffer.from(input), by).toString("base64url")}`;
  };
  const claim =
    (changes: Fields): Forgery =>
    ({ claims, header }) =>
      signed({ ...claims, ...changes }, header);
  const head =
    (changes: Fields, by = other): Forgery =>
    ({ claims, header }) =>
      signed({ ...claims, staff: true }, { ...header, ...changes }, by);
  const mac =
    (secret: string | Buffer): Forgery =>
    ({ claims, header }) => {
      const input = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
      return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
    };
  const publicKey = createPublicKey(own);
  const jwk = createPublicKey(other).export({ format: "jwk" });
  const at = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
  return {
    "alg none": ({ claims, header }) => `${encode({ ...header, alg: "none" })}.${encode(claims)}.`,
    "alg nOnE with a signature": head({ alg: "nOnE" }),
    "HS256 with the public key": mac(Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url")),
    "HS256 with the public key in PEM": mac(publicKey.export({ format: "pem", type: "spki" })),
    "HS256 with the public key in DER": mac(publicKey.export({ format: "der", type: "spki" })),
    "HS256 with nothing": mac(""),
    "another key under the known kid": head({}),
    "an unknown kid": head({ kid: "unknown" }),
    "no kid": head({ kid: undefined }),
    "a kid that is a path": head({ kid: "../../../../../../dev/null" }),
    "a kid that is SQL": head({ kid: "x' UNION SELECT 'AAAA" }),
    "a kid that is a command": head({ kid: "x|id" }),
    "a kid that is an address": head({ kid: `${evil}/key` }),
    "a kid that is a property of every object": head({ kid: "__proto__" }),
    "a kid that is no text": head({ kid: { $ne: null } }),
    "a kid of 6 KB": head({ kid: "k".repeat(6000) }),
    "jku and the kid there": head({ jku: `${evil}/jwks`, kid: "evil" }),
    "jku and the known kid": head({ jku: `${evil}/jwks` }),
    x5u: head({ x5u: `${evil}/certificate` }),
    x5c: head({ x5c: [createPublicKey(other).export({ format: "der", type: "spki" }).toString("base64")] }),
    jwk: head({ jwk, kid: undefined }),
    "an extension that must be understood": head({ crit: ["exp"] }, own),
    "another issuer": claim({ iss: "https://evil.example" }),
    "the issuer with a slash": ({ claims, header }) => signed({ ...claims, iss: `${claims.iss}/` }, header),
    "another audience": claim({ aud: "elsewhere" }),
    "no audience": claim({ aud: undefined }),
    "expired a minute ago": claim({ iat: at(-660), exp: at(-60) }),
    "from the future": claim({ iat: at(60), exp: at(600) }),
    "not yet valid": claim({ nbf: at(60) }),
    "that lives for a day": claim({ iat: at(-3600), exp: at(86_400) }),
    "without end": claim({ exp: undefined }),
    "of another kind": ({ claims, header }) => signed(claims, { ...header, typ: "JWT" }),
    "of somebody else, with this one's signature": ({ claims, token }) => {
      const [first, , last] = token.split(".");
      return `${first}.${encode({ ...claims, sub: "1", staff: true })}.${last}`;
    },
    "whose signature has S + L": ({ token }) => malleable(token),
    "without signature": ({ token }) => token.replace(/[^.]*$/, ""),
    "with one letter more": ({ token }) => `${token}A`,
    "with a fourth part": ({ token }) => `${token}.AAAA`,
    twice: ({ token }) => `${token}, Bearer ${token}`,
    "of 12 KB": ({ claims, header }) => signed({ ...claims, jti: "x".repeat(9000) }, header),
    "of 1 MB": ({ token }) => token + "A".repeat(2 ** 20),
  };
}

/** The same signature with the group's order added to its second half: a lax verifier takes it for another good one. */
function malleable(token: string): string {
  const [header, claims, signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString("hex")}`) + order;
  const changed = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse();
  return `${header}.${claims}.${Buffer.concat([bytes.subarray(0, 32), changed]).toString("base64url")}`;
}

/** No app takes a token that the issuer did not make, and none asks anybody about it. */
export function forgedTokens(quintet: Installation): void {
  it("are refused by every app, and nobody's keys are fetched", { timeout: 120_000 }, async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { anyone, plain, signingKey } = quintet;
      const key = createPrivateKey({ key: Buffer.from(signingKey, "base64"), format: "der", type: "pkcs8" });
      const token = (plain.headers.Authorization ?? "").slice("Bearer ".length);
      const [first, second] = token.split(".");
      const good = { token, header: decode(first), claims: decode(second) };
      const evil = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const all = forgeries(key, evil);
      const wrong: string[] = [];
      for (const path of routesOf(quintet)) {
        const send = (bearer: string) => anyone.with({ Authorization: `Bearer ${bearer}` }).get(path);
        // Else everything here would be refused for another reason.
        const input = `${encode(good.header)}.${encode({ ...good.claims, jti: path })}`;
        const own = await send(`${input}.${sign(null, Buffer.from(input), key).toString("base64url")}`);
        expect([200, 404], `${path} with a token made as the issuer makes it`).toContain(own.status);
        for (const [name, make] of Object.entries(all)) {
          if (name === "of 1 MB" && quintet.origin.startsWith("https:")) {
            // A head as large as this ends its stream of HTTP/2, without an answer.
            await expect(send(make(good)), path).rejects.toThrow("REFUSED_STREAM");
            continue;
          }
          const answer = await send(make(good));
          if (answer.status !== (name === "of 1 MB" ? 431 : 401)) wrong.push(`${path}: ${answer.status} for ${name}`);
          else if (answer.status === 401) wrong.push(...faultsOfProblem(answer).map((fault) => `${path}: ${fault}`));
        }
        expect((await plain.get(path)).status).not.toBe(401);
      }
      expect(wrong).toEqual([]);
      expect(asked).toEqual([]);
    } finally {
      server.close();
    }
  });
}
