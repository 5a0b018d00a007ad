import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { csrfProtection } from "@quintet/auth";
import { errorPageResponse, htmlContent, noQuery, Problem, readFormText, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import {
  type AuthorizationRequest,
  readAuthorizationRequest,
  requestFields,
  responseUrl,
} from "../oauth/authorization-request.ts";
import type { Browser, BrowserEnv } from "./browser.ts";
import { consentPage } from "./consent-page.ts";
import { formTargetOf, showPage } from "./section.ts";

const tags = ["accounts: pages"];
const security: Record<string, string[]>[] = [];

interface AuthorizeEnv extends BrowserEnv {
  Variables: BrowserEnv["Variables"] & {
    asked: Exclude<AuthorizationRequest, { error: string }>;
    fields: URLSearchParams;
  };
}

/** Refuses query parameters by name, before anybody is sent elsewhere. */
const plainUrl: MiddlewareHandler<ServiceEnv> = async (c, next) => {
  const errors = [...new URL(c.req.url).searchParams.keys()]
    .slice(0, 20)
    .map((path) => ({ path, message: "unknown parameter" }));
  if (errors.length === 0) return next();
  throw new Problem("bad-request", "This page takes no parameters in its URL.", { errors });
};

/** `/auth/authorize`: the authorization code flow (RFC 6749 section 4.1) with PKCE (RFC 7636) and a consent each time. */
export function addAuthorize(
  app: OpenAPIHono<ServiceEnv>,
  deps: { auth: LocalAuth; browser: Browser; frame: PageFrame; issuer: string },
): void {
  const { auth, browser, frame, issuer } = deps;

  /** Reads the request from the URL or the form. Errors that the client should receive are sent to its redirect URI. */
  const read: MiddlewareHandler<AuthorizeEnv> = async (c, next) => {
    const fields = c.req.method === "GET" ? new URL(c.req.url).searchParams : readFormText(await c.req.text());
    const asked = await readAuthorizationRequest(auth.clients, fields);
    if ("error" in asked) {
      const { error, description: error_description, state, redirectUri } = asked;
      return c.redirect(responseUrl(redirectUri, { error, error_description, state, iss: issuer }), 303);
    }
    c.set("asked", asked);
    c.set("fields", fields);
    return next();
  };
  const asking: MiddlewareHandler<AuthorizeEnv> = every(read, browser.signedIn);
  const deciding: MiddlewareHandler<AuthorizeEnv> = every(plainUrl, csrfProtection(auth), read, browser.signedIn);
  /** The server must ignore parameters that it does not know in the URL of a GET (RFC 6749 section 3.1), not of a POST. */
  const responses = {
    200: { description: "The page that asks for consent", content: htmlContent },
    303: { description: "To the sign-in page, or back to the client with a code or an error" },
    400: errorPageResponse("The client or its redirect URI is not known"),
  };

  const ask = createRoute({
    security,
    middleware: asking,
    method: "get",
    path: "/authorize",
    tags,
    summary: "Ask an account to let a client act for it",
    responses,
  });
  app.openapi(ask, (c) => {
    const { asked, fields, session } = c.var;
    const formToken = browser.formToken(c);
    const parameters = requestFields.flatMap((name): [string, string][] => {
      const value = fields.get(name);
      return value === null ? [] : [[name, value]];
    });
    const { client, scope, redirectUri } = asked;
    const { username } = session.account;
    const body = consentPage({ clientName: client.name, username, scope, redirectUri, formToken, parameters });
    return showPage(c, frame, { title: "Allow access", body, formTarget: formTargetOf(redirectUri) });
  });

  const decide = createRoute({
    security,
    middleware: deciding,
    method: "post",
    path: "/authorize",
    tags,
    summary: "What the account decides",
    request: noQuery,
    responses: { ...responses, 403: errorPageResponse("The form is not this page's") },
  });
  app.openapi(decide, async (c) => {
    const { asked, fields, session } = c.var;
    browser.checkForm(c, fields.get("form_token") ?? "");
    const { client, redirectUri, scope, challenge, state } = asked;
    const decision = fields.get("decision");
    if (decision !== "allow" && decision !== "deny")
      throw new Problem("bad-request", "decision must be allow or deny.");
    if (decision === "deny") {
      return c.redirect(responseUrl(redirectUri, { error: "access_denied", state, iss: issuer }), 303);
    }
    const { id: accountId, epoch } = session.account;
    const consent = { clientId: client.id, accountId, epoch, redirectUri, challenge, scope };
    const code = await auth.codes.issue(consent, actorOf(c));
    return c.redirect(responseUrl(redirectUri, { code, state, iss: issuer }), 303);
  });
}
