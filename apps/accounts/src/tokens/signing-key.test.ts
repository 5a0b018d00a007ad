import { generateKeyPairSync } from "node:crypto";
import { ConfigError } from "@quintet/http";
import { expect, test } from "vitest";
import { readSigningKey, readSigningKeys } from "./signing-key.ts";

const pair = generateKeyPairSync("ed25519");
const pem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();

test("reads PEM, PEM on one line and base64 DER as the same key", async () => {
  const der = pair.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
  const kids = await Promise.all(
    [pem, pem.replaceAll("\n", "\\n"), der].map(async (text) => (await readSigningKey(text)).kid),
  );
  expect(new Set(kids).size).toBe(1);
});

// The key and the thumbprint of RFC 8037, appendices A.1 and A.3.
test("names the key by its thumbprint and tells the public half only", async () => {
  const d = Buffer.from("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "base64url");
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), d]).toString("base64");
  const key = await readSigningKey(der);
  expect(key.publicJwk).toEqual({
    kty: "OKP",
    crv: "Ed25519",
    x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    alg: "EdDSA",
    use: "sig",
  });
});

test.each([
  [
    "an RSA key",
    generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  ],
  ["an X25519 key", generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
  ["a public key", pair.publicKey.export({ type: "spki", format: "pem" }).toString()],
  ["some text", "swordfish swordfish"],
  ["nothing", ""],
])("refuses %s without telling it", async (_name, text) => {
  const error = await readSigningKey(text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toMatch(/AUTH_SIGNING_KEY/);
  expect(String(error)).not.toMatch(/swordfish|BEGIN/);
});

test("several keys keep their order, in any mixture of formats; an invalid one is reported", async () => {
  const second = generateKeyPairSync("ed25519").privateKey;
  const der = second.export({ type: "pkcs8", format: "der" }).toString("base64");
  const keys = await readSigningKeys(`${pem},\n${der}`);
  expect(keys.map(({ kid }) => kid)).toEqual([(await readSigningKey(pem)).kid, (await readSigningKey(der)).kid]);
  await expect(readSigningKeys(`${pem},`)).rejects.toThrow(ConfigError);
});
