import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { personAtBrowser } from "./browser-client.ts";
import { password } from "./issuer-for-tests.ts";
import { type ListeningIssuer, listeningIssuer, redirectUri } from "./listening-issuer.ts";

let quintet: ListeningIssuer;
beforeAll(async () => {
  quintet = await listeningIssuer();
});
afterAll(() => quintet[Symbol.asyncDispose]());

const insecure = { [oauth.allowInsecureRequests]: true };
const server = async () => {
  const url = new URL(quintet.origin);
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: "oauth2", ...insecure }));
};

describe("oauth4webapi", () => {
  test("authorization code with PKCE at a loopback port, then refresh and revocation", async () => {
    const as = await server();
    const client: oauth.Client = { client_id: (await quintet.native()).id };
    const auth = oauth.None();
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const address = new URL(as.authorization_endpoint ?? "");
    address.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: redirectUri,
      response_type: "code",
      scope: "social:read",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
    }).toString();
    const back = await personAtBrowser(quintet.origin).consent(address, "ana", password);
    const parameters = oauth.validateAuthResponse(as, client, back, state);
    const answer = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      auth,
      parameters,
      redirectUri,
      verifier,
      insecure,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer);
    expect(tokens).toMatchObject({ token_type: "bearer", scope: "social:read", expires_in: 900 });
    expect(await quintet.issuer.auth.verifyToken(tokens.access_token)).toMatchObject({ username: "ana" });

    const refreshed = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token ?? "", insecure),
    );
    expect(refreshed.scope).toBe("social:read");
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, auth, refreshed.refresh_token ?? "", insecure),
    );
    for (const { access_token } of [tokens, refreshed])
      expect(await quintet.issuer.auth.verifyToken(access_token)).toBeUndefined();
  });

  test("client credentials, narrowed, and introspection, with both ways to send the secret", async () => {
    const as = await server();
    const { id, secret } = await quintet.machine();
    const client: oauth.Client = { client_id: id };
    for (const auth of [oauth.ClientSecretBasic(secret), oauth.ClientSecretPost(secret)]) {
      const request = await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: "queue:send" }, insecure);
      const tokens = await oauth.processClientCredentialsResponse(as, client, request);
      expect(tokens).toMatchObject({ scope: "queue:send", token_type: "bearer" });
      expect(tokens.refresh_token).toBeUndefined();
      const introspect = async (token: string) =>
        oauth.processIntrospectionResponse(
          as,
          client,
          await oauth.introspectionRequest(as, client, auth, token, insecure),
        );
      expect(await introspect(tokens.access_token)).toMatchObject({
        active: true,
        client_id: id,
        scope: "queue:send",
        username: "owner",
      });
      const own = await quintet.issuer.auth.passwordGrant("ana", password, { scope: "social:read" });
      const refresh = own?.refresh_token ?? "";
      const seen = { active: true, client_id: "quintet", scope: "social:read", username: "ana", iss: quintet.origin };
      expect(await introspect(refresh)).toMatchObject(seen);
      const next = await quintet.issuer.auth.refreshGrant(refresh);
      expect(await introspect(refresh)).toEqual({ active: false });
      expect(await introspect(next?.refresh_token ?? "")).toMatchObject(seen);
      const cookie = await quintet.issuer.auth.browserSignIn("ana", password, undefined);
      expect(cookie).toMatch(/^[\w-]{43}$/);
      expect(await introspect(cookie ?? "")).toEqual({ active: false });
      await quintet.issuer.auth.revoke(next?.refresh_token ?? "");
      expect(await introspect(next?.refresh_token ?? "")).toEqual({ active: false });
      await quintet.issuer.auth.revoke(tokens.access_token);
      for (const token of [tokens.access_token, "x", "a.b.c"])
        expect(await introspect(token)).toEqual({ active: false });
    }
  });
});

describe("openid-client", () => {
  const discover = (id: string, auth?: openid.ClientAuth) =>
    openid.discovery(new URL(quintet.origin), id, undefined, auth, {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });

  test("authorization code with PKCE and a secret, then refresh", async () => {
    const { id, secret } = await quintet.register({ scope: "all", redirectUris: ["https://example.org/cb"] });
    const config = await discover(id, openid.ClientSecretBasic(secret));
    const verifier = openid.randomPKCECodeVerifier();
    const address = openid.buildAuthorizationUrl(config, {
      redirect_uri: "https://example.org/cb",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const back = await personAtBrowser(quintet.origin).consent(address, "ana@example.com", password);
    const tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    expect(tokens.scope).toBe("all");
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "", { scope: "social:read" });
    expect(refreshed.scope).toBe("social:read");
    await expect(openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier })).rejects.toMatchObject({
      error: "invalid_grant",
    });
    // The code was used twice: what it began is over.
    expect(await quintet.issuer.auth.verifyToken(tokens.access_token)).toBeUndefined();
    await expect(openid.refreshTokenGrant(config, refreshed.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_grant",
    });
  });

  test("client credentials, introspection and revocation", async () => {
    const { id, secret } = await quintet.machine();
    const config = await discover(id, openid.ClientSecretPost(secret));
    const tokens = await openid.clientCredentialsGrant(config);
    expect(tokens.scope).toBe("account:read queue:send queue:receive");
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true });
    await openid.tokenRevocation(config, tokens.access_token);
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: false });
  });

  test("an account that does not agree is an error at the client", async () => {
    const { id } = await quintet.native();
    const config = await discover(id, openid.None());
    const verifier = openid.randomPKCECodeVerifier();
    const challenge = await openid.calculatePKCECodeChallenge(verifier);
    const parameters = { redirect_uri: redirectUri, code_challenge: challenge, code_challenge_method: "S256" };
    const address = openid.buildAuthorizationUrl(config, parameters);
    const back = await personAtBrowser(quintet.origin).consent(address, "ana", password, "deny");
    await expect(openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier })).rejects.toMatchObject({
      error: "access_denied",
    });
  });
});
