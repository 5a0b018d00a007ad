import { urlPath } from "@quintet/host";
import { createLogger, listenerOf, serve, type WebApp } from "@quintet/http";
import { freePort } from "@quintet/http/testing";
import { belongsToIssuer } from "../src/issuer-paths.ts";
import { type IssuerForTests, issuerForTests, password } from "./issuer-for-tests.ts";

/** A loopback address at which a native client waits; any port will do. */
export const redirectUri = "http://127.0.0.1:51004/cb";

/** An issuer that listens, with the accounts `ana` and `owner`. */
export interface ListeningIssuer extends AsyncDisposable {
  issuer: IssuerForTests;
  origin: string;
  /** An Authorization header of `owner`. */
  owner: Record<string, string>;
  /** A client that `owner` has registered. */
  register(fields: object): Promise<{ id: string; secret: string }>;
  /** One without a secret, which asks for little. */
  native(): Promise<{ id: string }>;
  /** One that acts for `owner`. */
  machine(): Promise<{ id: string; secret: string }>;
}

/** `beside` makes an app that is served at the same origin; with `news` the issuer tells others what is revoked. */
export async function listeningIssuer({
  beside,
  news = false,
}: {
  beside?: (issuer: IssuerForTests, origin: string) => WebApp;
  news?: boolean;
} = {}): Promise<ListeningIssuer> {
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const issuer = stack.use(await issuerForTests({ issuer: origin, news }));
  const log = createLogger({ service: "auth", level: "silent" });
  const other = beside?.(issuer, origin);
  const app: WebApp = {
    fetch: (request, env) => (other && !belongsToIssuer(urlPath(request.url)) ? other : issuer.app).fetch(request, env),
  };
  const listening = await serve(listenerOf(app), { port, host: "127.0.0.1", log, drainSeconds: 0 });
  stack.defer(() => listening.close());
  await issuer.register("ana");
  await issuer.register("owner");
  const owner = { Authorization: `Bearer ${(await issuer.auth.passwordGrant("owner", password))?.access_token}` };
  const register = async (fields: object) => {
    const answer = await issuer.send("POST", "/auth/clients", { name: "Test <client>", ...fields }, owner);
    if (answer.status !== 201) throw new Error(`The client was not registered: ${answer.status}`);
    return (await answer.json()) as { id: string; secret: string };
  };
  const opened = stack.move();
  return {
    issuer,
    origin,
    owner,
    register,
    native: () =>
      register({ scope: "social:read queue:send", redirectUris: ["http://127.0.0.1/cb"], confidential: false }),
    machine: () => register({ scope: "queue:send queue:receive account:read" }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
