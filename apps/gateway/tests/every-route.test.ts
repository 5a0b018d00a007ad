import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { scopeNames } from "@quintet/auth";
import { type OpenedAuth, openAuth } from "@quintet/host";
import { createLogger, listenerOf, serve, type WebApp } from "@quintet/http";
import { allApps } from "@quintet/pages";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { issuer as accounts, apps as definitions } from "../src/apps.ts";
import { createHome } from "../src/home/home.ts";
import { ownTraffic } from "../src/home/shared-traffic.ts";
import { pathOf } from "./harness/operations.ts";
import { type TestSettings, testSettings } from "./harness/test-settings.ts";

interface Route {
  name: string;
  method: string;
  path: string;
  security: Record<string, string[]>[] | undefined;
  /** The media types of its body. */
  types: string[];
}

/** The routes that look at no Authorization header (signing in, and the code flow, look at a cookie of the issuer's own; the SQS protocol has signatures there), app by app; of an app that is not listed here they are not compared. */
const open: Record<string, string[]> = {
  auth: [
    "GET /.well-known/oauth-authorization-server",
    "GET /auth/.well-known/jwks.json",
    "GET /auth/authorize",
    "GET /auth/forgotten",
    "GET /auth/health",
    "GET /auth/new-password",
    "GET /auth/renew",
    "GET /auth/sign-in",
    "GET /auth/sign-up",
    "POST /auth/authorize",
    "POST /auth/forgot",
    "POST /auth/forgotten",
    "POST /auth/introspect",
    "POST /auth/new-password",
    "POST /auth/register",
    "POST /auth/renew",
    "POST /auth/reset",
    "POST /auth/revoke",
    "POST /auth/sign-in",
    "POST /auth/sign-out",
    "POST /auth/sign-up",
    "POST /auth/token",
  ],
  gateway: ["GET /", "GET /health"],
  ingest: ["GET /ingest/health"],
  properties: ["GET /properties/health"],
  queue: [
    "GET /queue",
    "GET /queue/health",
    "GET /queue/sqs",
    "GET /queue/sqs/{account}/{queue}",
    "POST /queue/login",
    "POST /queue/sqs",
    "POST /queue/sqs/{account}/{queue}",
  ],
  social: ["GET /social/health", "POST /social/login", "POST /social/users"],
};

/** Whether a route reads a file of any size as it arrives. */
const streams = (name: string) =>
  /^POST \/ingest\/(?:\{table\}\/csv|new-load|new-table\/check|backups\/actions\/upload)/.test(name);
/** Those that do so for a load, which is not there, those that may do so without a body, and the one that reads the beginning. */
const mayStream = (name: string) =>
  /^POST \/ingest\/(?:loads\/\{id\}\/(?:actions\/)?retry|\{table\}\/backups|infer)/.test(name);
/** Those of tus, which says 412 first to whoever does not speak it. */
const isTus = (name: string) => name.includes(" /ingest/uploads");

const appNames = definitions.map(({ name }) => name).sort();

const log = createLogger({ service: "routes", level: "silent" });
const opened = new AsyncDisposableStack();
const apps = new Map<string, WebApp & { routes?: { method: string; path: string }[] }>();
let settings: TestSettings;
let issuer: OpenedAuth;
const plain = { username: "plain", email: "plain@example.com", password: "correct horse battery" };

beforeAll(async () => {
  settings = opened.use(await testSettings());
  const env = { ...settings.shared, ...settings.issuer };
  issuer = opened.use(await openAuth(env, accounts, log));
  if (issuer.app) apps.set("auth", issuer.app);
  for (const { name, configure } of definitions) {
    const running = opened.use(await configure(env).open({ log, auth: issuer.auth }, true));
    apps.set(name, running.app);
  }
  const traffic = opened.use(ownTraffic());
  apps.set("gateway", createHome([], { log, corsOrigins: [], auth: issuer.auth, traffic, publicFigures: false }));
  await issuer.auth.register(plain);
});
afterAll(() => opened.disposeAsync());

const send = async (app: string, { method, path }: Route, authorization?: string) => {
  const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
  const template = { template: path } as Parameters<typeof pathOf>[0];
  // The unknown parameter keeps every call from doing anything: it is refused once the guard has let it through.
  const request = new Request(`http://quintet.test${pathOf(template)}?unknown=1`, { method, headers });
  return (await apps.get(app)?.fetch(request, {})) ?? new Response(null, { status: 599 });
};
const routesOf = async (app: string): Promise<Route[]> => {
  const base = app === "gateway" ? "" : `/${app}`;
  const answer = await apps.get(app)?.fetch(new Request(`http://quintet.test${base}/openapi.json`), {});
  const document = (await answer?.json()) as {
    paths: Record<string, Record<string, { security?: Route["security"]; requestBody?: { content: object } }>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, requestBody }]) => {
      const upper = method.toUpperCase();
      return {
        name: `${upper} ${path}`,
        method: upper,
        path,
        security,
        types: Object.keys(requestBody?.content ?? {}),
      };
    }),
  );
};
const scopeOf = (route: Route) => route.security?.find((way) => way.bearer)?.bearer?.[0];
const optional = (route: Route) => route.security?.some((way) => Object.keys(way).length === 0);
const grant = async (who: { username: string; password: string }, scope: string) => {
  const tokens = await issuer.auth.passwordGrant(who.username, who.password, { scope });
  return `Bearer ${tokens?.access_token}`;
};
/** The names of the routes for which `holds` is not true. */
const failing = async (routes: Route[], holds: (route: Route) => Promise<boolean> | boolean) => {
  const failed: string[] = [];
  for (const route of routes) if (!(await holds(route))) failed.push(route.name);
  return failed;
};

test("every app is in the gateway's table, and in the navigation", () => {
  const apps = new URL("../../", import.meta.url);
  const folders = readdirSync(apps).filter((name) => existsSync(new URL(`${name}/src/index.ts`, apps)));
  const others = ["accounts", "gateway"];
  expect(appNames).toEqual(allApps.map(({ name }) => name).sort());
  expect(appNames).toEqual(folders.filter((name) => !others.includes(name)).sort());
});

describe.each(["auth", "gateway", ...appNames])("%s", (app) => {
  test("every route names the scope that it needs, or that it is open", async () => {
    const routes = await routesOf(app);
    expect(routes.length).toBeGreaterThan(1);
    const named = (route: Route) =>
      route.security?.length === 0 || (scopeNames as (string | undefined)[]).includes(scopeOf(route));
    expect(await failing(routes, named)).toEqual([]);
    const opened = routes.filter(({ security }) => security?.length === 0).map(({ name }) => name);
    if (open[app]) expect(opened.sort()).toEqual(open[app]);
  });

  test("nothing is served that is not documented, but the documents themselves and assets", async () => {
    const documented = new Set((await routesOf(app)).map(({ name }) => name.replace(/\{(\w+)[^}]*\}/g, ":$1")));
    const served = (apps.get(app)?.routes ?? [])
      .filter(({ method, path }) => method !== "ALL" && !/\/(docs(\/.*)?|openapi\.json|assets\/:file)$/.test(path))
      .map(({ method, path }) => `${method} ${path.replace(/\{[^}]*\}/g, "")}`);
    expect(served.filter((name) => !documented.has(name) && !documented.has(name.replace(/\/$/, "")))).toEqual([]);
  });

  test("no route that needs an account lets anybody else in", async () => {
    const routes = (await routesOf(app)).filter((route) => route.security?.length !== 0 && !optional(route));
    const refused = async (route: Route) => (await send(app, route)).status === 401;
    expect(await failing(routes, refused)).toEqual([]);
  });

  test("a token that lacks the scope is refused, whoever it belongs to; one that has it is let through", async () => {
    const routes = (await routesOf(app)).filter((route) => scopeOf(route) !== undefined);
    const everything = { username: settings.admin.username, password: settings.admin.password };
    const tokens = new Map<string, [wrong: string, right: string]>();
    for (const scope of new Set(routes.map((route) => scopeOf(route) ?? ""))) {
      const others = scopeNames.filter((name) => name !== scope && name !== "all").join(" ");
      tokens.set(scope, [await grant(everything, others), await grant(everything, scope)]);
    }
    const narrowed = async (route: Route) => {
      const [wrong, right] = tokens.get(scopeOf(route) ?? "") ?? [];
      const refused = await send(app, route, wrong);
      const challenge = `error="insufficient_scope", scope="${scopeOf(route)}"`;
      const passed = await send(app, route, right);
      const { status } = passed;
      return (
        refused.status === 403 &&
        (refused.headers.get("www-authenticate") ?? "").includes(challenge) &&
        status !== 401 &&
        status !== 403 &&
        status < 500
      );
    };
    expect(await failing(routes, narrowed)).toEqual([]);
  });

  test("a plain account gets an answer or a 403 everywhere, staff never a 403", async () => {
    const [token, staff] = [await grant(plain, "all"), await grant(settings.admin, "all")];
    const answered = async (route: Route) => {
      const [asPlain, asStaff] = [(await send(app, route, token)).status, (await send(app, route, staff)).status];
      return asPlain !== 401 && asPlain < 500 && asStaff !== 401 && asStaff !== 403 && asStaff < 500;
    };
    expect(await failing(await routesOf(app), answered)).toEqual([]);
  });

  test("a body that stands still is given up on, whatever route and media type it is of", async () => {
    const slow = { bodyMs: 500, readMs: 60_000 };
    const served = { port: 0, host: "127.0.0.1", log, drainSeconds: 0, slow };
    await using serving = new AsyncDisposableStack();
    const listening = await serve(listenerOf(apps.get(app) as WebApp), served);
    serving.defer(() => listening.close());
    const staff = await grant(settings.admin, "all");
    const stopped = async ([name, type]: [name: string, type: string]) => {
      const [method, path] = name.split(" ") as [string, string];
      const at = pathOf({ template: path } as Parameters<typeof pathOf>[0]);
      const socket = connect(listening.port, "127.0.0.1");
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes;
      });
      const head = `${method} ${at} HTTP/1.1\r\nHost: a\r\nAuthorization: ${staff}\r\nContent-Type: ${type}\r\n`;
      socket.write(`${head}Content-Length: 9999\r\n\r\n{"a`);
      const isClosed = await once(socket, "close", { signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
      socket.destroy();
      return [name, type, isClosed ? text.slice(0, 12) : "it is still open"];
    };
    const calls = (await routesOf(app)).flatMap(({ name, types }) =>
      types.map((type): [string, string] => [name, /^multipart/.test(type) ? `${type}; boundary=b` : type]),
    );
    const ends = await Promise.all(calls.map(stopped));
    // What can be refused by its head alone may be.
    expect(ends.filter(([, , status]) => !/^HTTP\/1\.1 (?:303|4\d\d)$/.test(status ?? ""))).toEqual([]);
    const isLate = ([, , status]: (string | undefined)[]) => status === "HTTP/1.1 408";
    expect(ends.some(isLate)).toBe(calls.length > 0);
    const files = ends.filter(([name = ""]) => streams(name));
    expect(files.filter(isLate)).toHaveLength(files.length);
    expect(files.length > 0).toBe(app === "ingest");
  });

  test("what is refused for its head alone is refused before its body is invited", async () => {
    await using serving = new AsyncDisposableStack();
    const served = { port: 0, host: "127.0.0.1", log, drainSeconds: 0 };
    const listening = await serve(listenerOf(apps.get(app) as WebApp), served);
    serving.defer(() => listening.close());
    const staff = await grant(settings.admin, "all");
    const firstStatus = async ({ method, path }: Route, headers: string) => {
      const at = pathOf({ template: path } as Parameters<typeof pathOf>[0]);
      const socket = connect(listening.port, "127.0.0.1");
      socket.write(`${method} ${at} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n${headers}\r\n`);
      const [bytes] = await once(socket, "data");
      socket.destroy();
      return Number(String(bytes).slice(9, 12));
    };
    const routes = (await routesOf(app)).filter(({ types }) => types.length > 0);
    const ends = routes.map(async (route) => {
      const { name, types, security } = route;
      const type = `Content-Type: ${types[0]?.startsWith("multipart") ? `${types[0]}; boundary=b` : types[0]}\r\n`;
      const asStaff = `Authorization: ${staff}\r\n`;
      return {
        name,
        anybody:
          security?.length === 0 || optional(route) || (await firstStatus(route, `${type}Content-Length: 5\r\n`)),
        otherType: isTus(name)
          ? 415
          : await firstStatus(route, `${asStaff}Content-Type: text/x-none\r\nContent-Length: 5\r\n`),
        large:
          isTus(name) ||
          streams(name) ||
          mayStream(name) ||
          (await firstStatus(route, `${asStaff}${type}Content-Length: 999999999999\r\n`)),
      };
    });
    for (const { name, anybody, otherType, large } of await Promise.all(ends)) {
      expect([name, anybody === true || anybody]).toEqual([name, anybody === true || 401]);
      // The endpoints of OAuth have a status of their own for it (RFC 6749 section 5.2).
      expect([name, otherType === 400 ? 415 : otherType]).toEqual([name, 415]);
      expect([name, large === true || large]).toEqual([name, large === true || 413]);
    }
  });

  test("every action of staff stands in the audit log, with its route and how it ended", async () => {
    const [token, staff] = [await grant(plain, "all"), await grant(settings.admin, "all")];
    const actions: Route[] = [];
    for (const route of await routesOf(app)) {
      if (route.method !== "GET" && (await send(app, route, token)).status === 403) actions.push(route);
    }
    const lineOf = async (route: Route) => {
      const { status, headers } = await send(app, route, staff);
      const query = `requestId=${headers.get("x-request-id")}&action=staff-action`;
      const path = pathOf({ template: route.path } as Parameters<typeof pathOf>[0]);
      const wanted = { method: route.method, route: route.path.replace(/\{(\w+)[^}]*\}/g, ":$1"), path, status };
      return vi.waitFor(async () => {
        const request = new Request(`http://quintet.test/auth/audit?${query}`, { headers: { Authorization: staff } });
        const answer = await apps.get("auth")?.fetch(request, {});
        expect(await answer?.json()).toMatchObject({ events: [wanted] });
        return true;
      }, 20_000);
    };
    expect(await failing(actions, (route) => lineOf(route).catch(() => false))).toEqual([]);
  });
});
