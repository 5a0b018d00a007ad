import { freePort } from "@quintet/stores/testing";
import { expect, vi } from "vitest";
import { Client, watchAnswers } from "./client.ts";
import { conformance } from "./conformance.ts";
import { fetchDocument } from "./operations.ts";
import { logIn, type Person, register } from "./person.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { secretMark, type TestSettings, testSettings } from "./test-settings.ts";

export const appNames = ["properties", "ingest", "directory", "queue", "social"] as const;
export type AppName = (typeof appNames)[number];

/** Quintet as a client finds it, whichever way it runs. */
export interface Installation extends AsyncDisposable {
  /** The apps that answer at `origin`; the issuer always does. */
  apps: readonly AppName[];
  origin: string;
  anyone: Client;
  staff: Person;
  /** Two accounts without staff rights. */
  plain: Person;
  other: Person;
  /** Its settings: where its stores are, and under which prefix. */
  settings: Record<string, string>;
  /** The issuer's key (PKCS #8 in DER, base64), for tokens that it did not make. */
  signingKey: string;
  /** The JSON answers that operations describe by themselves and that nobody has got so far, as `GET /shop/goods/{id} 200`. */
  unseen(): string[];
  /** What its processes have logged so far. */
  output(): string;
}

/** The gateway with every app mounted, in two workers that share its port: what one is told, the other knows. */
export async function startMounted(env: Record<string, string> = {}): Promise<Installation> {
  await using made = new AsyncDisposableStack();
  const settings = made.use(await testSettings());
  const gateway = made.use(
    await startServer("gateway", { ...settings.shared, ...settings.issuer, WORKERS: "2", ...env }),
  );
  return await installation(appNames, gateway, settings, [gateway], made);
}

export interface BehindHttp extends Installation {
  /** Ends one app. */
  stop(app: AppName): Promise<void>;
  /** Kills one process and starts it again at the same address. */
  kill(which: AppName | "gateway"): Promise<void>;
}

/** The gateway, the accounts and each app as processes of their own, with HTTP between them. */
export async function startBehindHttp(env: Record<string, string> = {}): Promise<BehindHttp> {
  await using made = new AsyncDisposableStack();
  const settings = made.use(await testSettings());
  const started = await startProcesses(settings, made, env);
  const whole = await installation(appNames, started.gateway, settings, started.processes, made);
  return { ...whole, ...endsOf(started) };
}

/** How single processes of an installation are ended. */
function endsOf({ gateway, apps }: Processes): Pick<BehindHttp, "stop" | "kill"> {
  const named = (app: AppName) => apps[appNames.indexOf(app)];
  return {
    stop: async (app) => named(app)?.[Symbol.asyncDispose](),
    kill: async (which) => (which === "gateway" ? gateway : named(which))?.kill(),
  };
}

/** Both on the same stores: every difference between their answers is one of the way they run. */
export async function startBoth(): Promise<{ mounted: Installation; behindHttp: BehindHttp } & AsyncDisposable> {
  await using made = new AsyncDisposableStack();
  const settings = made.use(await testSettings());
  const single = made.use(await startServer("gateway", { ...settings.shared, ...settings.issuer }));
  const started = await startProcesses(settings, made);
  const mounted = await installation(appNames, single, settings, [single], new AsyncDisposableStack());
  const { gateway, processes } = started;
  const apart = await installation(appNames, gateway, settings, processes, new AsyncDisposableStack());
  const behindHttp = { ...apart, ...endsOf(started) };
  const kept = made.move();
  return { mounted, behindHttp, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** One app by itself: its own issuer, no gateway. */
export async function startAlone(app: AppName): Promise<Installation> {
  await using made = new AsyncDisposableStack();
  const settings = made.use(await testSettings());
  const server = made.use(await startServer(app, { ...settings.shared, ...settings.issuer }));
  return await installation([app], server, settings, [server], made);
}

type Processes = Awaited<ReturnType<typeof startProcesses>>;

/** Only the accounts get the signing key and the admin password: the others check tokens with the public key. */
async function startProcesses(settings: TestSettings, made: AsyncDisposableStack, more: Record<string, string> = {}) {
  const port = String(await freePort());
  const shared = { ...settings.shared, ...more };
  const env = { ...shared, AUTH_URL: `http://127.0.0.1:${port}` };
  const starting = [
    startServer("accounts", { ...shared, ...settings.issuer }),
    ...appNames.map((app) => startServer(app, env)),
  ];
  const servers = await Promise.allSettled(starting.map(async (server) => made.use(await server)));
  const [accounts, ...apps] = servers.map((server) => {
    if (server.status === "rejected") throw server.reason;
    return server.value;
  });
  const targets = appNames.map((app, i) => [`${app.toUpperCase()}_URL`, apps[i]?.origin ?? ""]);
  const ACCOUNTS_URL = accounts?.origin ?? "";
  const gateway = made.use(
    await startServer("gateway", { ...shared, ...Object.fromEntries(targets), ACCOUNTS_URL, PORT: port }),
  );
  return { gateway, apps, processes: [gateway, ...(accounts ? [accounts] : []), ...apps] };
}

let people = 0;

async function installation(
  apps: readonly AppName[],
  { origin }: ServerProcess,
  { admin, issuer, shared }: TestSettings,
  processes: ServerProcess[],
  made: AsyncDisposableStack,
): Promise<Installation> {
  const someone = () => register(origin, `person${++people}`, `${secretMark}${people}-of-mine`);
  const [staff, plain, other] = await Promise.all([
    logIn(origin, admin.username, admin.password),
    someone(),
    someone(),
  ]);
  const unseen = await watchConformance(origin, apps);
  const kept = made.move();
  return {
    apps,
    origin,
    anyone: new Client(origin),
    staff,
    plain,
    other,
    settings: shared,
    signingKey: issuer.AUTH_SIGNING_KEY ?? "",
    unseen,
    output: () => processes.map((process) => process.output()).join(""),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Holds every answer to what the server's own document says of it. */
async function watchConformance(origin: string, apps: readonly AppName[]): Promise<() => string[]> {
  const anyone = new Client(origin);
  // A gateway whose apps answer late gives out what it has until it asks again.
  const checkOf = (path: string, prefixes: readonly string[]) =>
    vi.waitFor(async () => {
      const document = await fetchDocument(anyone, path);
      const paths = Object.keys(document.paths);
      expect(prefixes.filter((prefix) => !paths.some((one) => one.startsWith(`/${prefix}/`)))).toEqual([]);
      return conformance(document);
    }, 60_000);
  const alone = apps.length === 1;
  const check = await checkOf(alone ? `/${apps[0]}/openapi.json` : "/openapi.json", apps);
  const accounts = alone ? await checkOf("/auth/openapi.json", ["auth"]) : check;
  watchAnswers(origin, (method, path, answer) => {
    const faults = (/^\/(auth|\.well-known)\//.test(path) ? accounts : check).check(method, path, answer);
    if (faults.length > 0) throw new Error(`${method} ${path}: ${faults.join("; ")}`);
  });
  return check.unseen;
}
