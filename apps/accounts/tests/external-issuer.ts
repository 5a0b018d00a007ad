import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";

/** An issuer elsewhere, on a real socket, that a test can make do anything. */
export interface OutsideServer extends AsyncDisposable {
  issuer: string;
  /** The keys that it tells of, by `kid`. */
  keys: Map<string, KeyPair>;
  /** What was asked of it. */
  requests: string[];
  /** Answers instead of it, when it is there. */
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** A token that it signs; `times` are added to now (s). */
  sign(payload: object, choices?: { kid?: string; header?: object; key?: KeyObject; alg?: string }): Promise<string>;
}

export interface KeyPair {
  alg: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export function newKey(alg: "RS256" | "ES256" | "EdDSA" | "PS256" = "RS256"): KeyPair {
  if (alg === "ES256") return { alg, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
  if (alg === "EdDSA") return { alg, ...generateKeyPairSync("ed25519") };
  return { alg, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };
}

/** A server whose issuer is its origin and `path`, with one key, `first`. */
export async function outsideServer(path = ""): Promise<OutsideServer> {
  let server: ReturnType<typeof createServer>;
  let port = 0;
  const json = (response: ServerResponse, body: unknown) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(body));
  };
  const made: OutsideServer = {
    issuer: "",
    keys: new Map([["first", newKey()]]),
    requests: [],
    answer: undefined,
    async start() {
      server = createServer((request, response) => {
        made.requests.push(request.url ?? "");
        if (made.answer?.(request, response)) return;
        if (request.url?.endsWith("/.well-known/openid-configuration")) {
          json(response, { issuer: made.issuer, jwks_uri: `${new URL(made.issuer).origin}/keys` });
          return;
        }
        const keys = [...made.keys].map(([kid, { publicKey, alg }]) => ({
          ...publicKey.export({ format: "jwk" }),
          kid,
          alg,
          use: "sig",
        }));
        json(response, { keys });
      });
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      port = (server.address() as AddressInfo).port;
      made.issuer = `http://127.0.0.1:${port}${path}`;
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
    sign(payload, { kid = "first", header = {}, key, alg } = {}) {
      const pair = made.keys.get(kid);
      const signing = key ?? pair?.privateKey;
      if (!signing) throw new Error(`There is no key ${kid}.`);
      const protectedHeader = { alg: alg ?? pair?.alg ?? "RS256", typ: "JWT", kid, ...header };
      return new SignJWT({ iss: made.issuer, ...payload }).setProtectedHeader(protectedHeader).sign(signing);
    },
    [Symbol.asyncDispose]: () => made.stop(),
  };
  await made.start();
  return made;
}
