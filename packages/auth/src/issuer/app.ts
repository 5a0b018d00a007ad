import { createRoute, z } from "@hono/zod-openapi";
import {
  createService,
  type IdempotencyStore,
  idempotent,
  jsonAnswer,
  jsonBody,
  type Logger,
  madeOnce,
  openApiDocument,
} from "@quintet/http";
import { problemPages } from "@quintet/pages";
import { guards } from "../guards.ts";
import { sealedAnswers } from "../keyed-fingerprints.ts";
import { addAccount } from "../pages/account-routes.ts";
import { addAuditPage } from "../pages/audit-page-routes.ts";
import { addAuthorize } from "../pages/authorize-routes.ts";
import { browser } from "../pages/browser.ts";
import { addClientPages } from "../pages/client-page-routes.ts";
import { addForgotten } from "../pages/forgotten-routes.ts";
import { accountSection } from "../pages/section.ts";
import { addSignIn } from "../pages/sign-in-routes.ts";
import { addSignUp } from "../pages/sign-up-routes.ts";
import { addStaffPages } from "../pages/staff-page-routes.ts";
import type { PublicKey } from "../tokens/signing-key.ts";
import { metadataPath, pathOf, type WebApp } from "../with-issuer.ts";
import { actorOf } from "./actor.ts";
import { addAudit } from "./audit-routes.ts";
import { addClients } from "./client-routes.ts";
import type { LocalAuth } from "./local-auth.ts";
import { addOAuth } from "./oauth-routes.ts";
import { registrationSchema } from "./registration.ts";
import { addResets } from "./reset-routes.ts";
import { accountSchema, keySetSchema, registeredSchema } from "./schemas.ts";
import { addSessions } from "./session-routes.ts";
import { staffLists } from "./staff-lists.ts";
import { addStaff } from "./staff-routes.ts";
import { createWellKnown } from "./well-known.ts";

export interface IssuerDeps {
  auth: LocalAuth;
  cursorKey: Buffer;
  /** What the forms of signed-in browsers are keyed by. */
  formKey: Buffer;
  /** The public halves of the keys that tokens may be signed with. */
  publicKeys: PublicKey[];
  /** The issuer's identifier. */
  issuer: string;
  idempotency: IdempotencyStore;
  pingRedis: () => Promise<unknown>;
  log: Logger;
  corsOrigins: string[];
}

const tags = ["accounts"];
const noQuery = { query: z.strictObject({}) };

/** The issuer's routes: all of `/auth`, and its metadata below `/.well-known`. */
export function createApp(deps: IssuerDeps): WebApp {
  const { auth, log, corsOrigins } = deps;
  const guard = guards(auth);
  const wellKnown = createWellKnown(deps);
  const info = {
    title: "Quintet accounts",
    version: "0.1.0",
    tags: {
      accounts: "One account for every app: registering, tokens, sign-ins",
      "accounts: API clients": "Programs that act for an account",
      "accounts: staff": "Other people's accounts, and what was done to them",
      "accounts: pages": "The pages for people",
    },
  };
  const app = createService({
    ...info,
    prefix: "/auth",
    log,
    corsOrigins,
    checks: { mysql: auth.ping, redis: deps.pingRedis },
    document: madeOnce(() => {
      const own = openApiDocument(app, info);
      const { [metadataPath]: metadata } = openApiDocument(wellKnown, info).paths ?? {};
      return { ...own, paths: { ...own.paths, [metadataPath]: metadata } };
    }),
  });

  const section = accountSection(auth);
  const lists = staffLists(auth, deps.cursorKey);
  const pages = { auth, section, lists, issuer: deps.issuer, browser: browser(auth, deps.formKey) };
  app.use("/*", problemPages(section));
  app.route("/assets", section.assets.routes as never);

  const register = createRoute({
    ...guard.open(idempotent(deps.idempotency)),
    method: "post",
    path: "/register",
    tags,
    summary: "Make an account",
    request: { ...noQuery, ...jsonBody(registrationSchema) },
    responses: { 201: jsonAnswer(registeredSchema, "The new account") },
  });
  app.openapi(register, async (c) => {
    const { id, username, email, createdAt } = await auth.register(c.req.valid("json"), actorOf(c));
    return c.json({ id, username, email, createdAt }, 201);
  });

  addOAuth(app, deps);

  const me = createRoute({
    ...guard.account("account:read"),
    method: "get",
    path: "/me",
    tags,
    summary: "The account whose credentials these are",
    request: noQuery,
    responses: { 200: jsonAnswer(accountSchema, "The account") },
  });
  app.openapi(me, (c) => {
    c.header("Cache-Control", "no-store");
    return c.json(c.var.account, 200);
  });

  addSessions(app, auth);
  const idempotency = sealedAnswers(deps.idempotency, deps.formKey);
  addClients(app, { auth, idempotency });
  addResets(app, { auth, idempotency });
  addStaff(app, pages);
  addAudit(app, pages);

  addSignIn(app, pages);
  addSignUp(app, pages);
  addForgotten(app, pages);
  addAccount(app, pages);
  addClientPages(app, pages);
  addStaffPages(app, pages);
  addAuditPage(app, pages);
  addAuthorize(app, pages);

  const keys = createRoute({
    ...guard.open(),
    method: "get",
    path: "/.well-known/jwks.json",
    tags,
    summary: "The public keys that access tokens are verified with",
    request: noQuery,
    responses: { 200: jsonAnswer(keySetSchema, "RFC 7517 key set") },
  });
  app.openapi(keys, (c) => {
    c.header("Cache-Control", "public, max-age=300");
    return c.json({ keys: deps.publicKeys }, 200);
  });

  return {
    fetch: (request, env) => (pathOf(request.url).startsWith("/.well-known") ? wellKnown : app).fetch(request, env),
  };
}
