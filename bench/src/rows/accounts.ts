import { execFile } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { median, type Variant } from "../interleave.ts";
import { type Call, steadyP99 } from "../node-load.ts";
import { type MeasuredServer, startServer } from "../processes.ts";
import { compare, loadVariant, type Row } from "../row.ts";
import type { OpenStores } from "../stores.ts";
import { type Load, wrk } from "../wrk.ts";

const guarded = fileURLToPath(new URL("../servers/guarded.ts", import.meta.url));
const bareArgon2 = fileURLToPath(new URL("../servers/bare-argon2.ts", import.meta.url));
const password = "correct horse battery";
const people = 16;
const clients = 8;
/** Rate of the route whose latency is measured during sign-ins. */
const steadyPerSecond = 200;

/** The cost of credentials: per authenticated request, and per sign-in. */
export const accounts: Row = {
  name: "accounts",
  about: "a route with Bearer and with Basic compared with the same route open; sign-ins compared with bare Argon2id",
  async run({ rounds, seconds, openStores }) {
    await using stack = new AsyncDisposableStack();
    const server = await start(stack, openStores);
    const origin = `http://127.0.0.1:${server.port}`;
    for (let i = 0; i < people; i++) {
      const body = JSON.stringify({ username: `person${i}`, email: `person${i}@example.com`, password });
      const headers = { "Content-Type": "application/json" };
      const created = await fetch(`${origin}/auth/register`, { method: "POST", headers, body });
      if (created.status !== 201) throw new Error(`The account was not created: ${created.status}`);
    }
    const bodies = Array.from({ length: people }, (_, i) => {
      const form = new URLSearchParams({ grant_type: "password", username: `person${i}`, password });
      return `${form}`;
    });
    const signIns: Load = { url: `${origin}/auth/token`, method: "POST", bodies, connections: clients, ...formType };
    const response = await fetch(signIns.url, { method: "POST", body: bodies[0] ?? "", ...formType });
    const { access_token } = (await response.json()) as { access_token: string };
    const cases: [string, string, Record<string, string>][] = [
      ["open", "/small/open", {}],
      ["Bearer", "/small/guarded", { Authorization: `Bearer ${access_token}` }],
      ["Basic", "/small/guarded", { Authorization: `Basic ${btoa(`person0:${password}`)}` }],
    ];
    if ((await fetch(`${origin}/small/guarded`)).status !== 401)
      throw new Error("The route does not require credentials.");
    for (const [name, path, headers] of cases) {
      const text = await (await fetch(origin + path, { headers })).text();
      if (text !== '{"status":"running","message":"hello"}') throw new Error(`${name}: wrong response ${text}`);
    }
    await compare(
      "A small GET, its credentials remembered",
      "requests/s",
      cases.map(([name, path, headers]) => loadVariant(name, [server], { url: origin + path, headers }, seconds)),
      rounds,
    );

    const open: Call = { url: `${origin}/small/open` };
    const alone: number[] = [];
    const underLoad: number[] = [];
    const bare: Variant = {
      name: "bare Argon2id, both cores",
      async measure() {
        const { stdout } = await promisify(execFile)(process.execPath, [bareArgon2, String(seconds)]);
        return { figure: Number(stdout) };
      },
    };
    // Warm-up.
    await wrk(signIns, seconds);
    await compare("Sign-ins", "per second", [bare, loadVariant("sign-ins", [server], signIns, seconds)], rounds);
    for (let round = 0; round < rounds; round++) {
      alone.push(await steadyP99(open, steadyPerSecond, seconds));
      const [p99] = await Promise.all([steadyP99(open, steadyPerSecond, seconds), wrk(signIns, seconds)]);
      underLoad.push(p99);
    }
    const ratio = median(underLoad.map((p99, round) => p99 / (alone[round] ?? Number.NaN)));
    console.log(`\nAn open route at ${steadyPerSecond} requests/s, p99`);
    console.log(`  alone             ${median(alone).toFixed(2)} ms`);
    console.log(`  during sign-ins   ${median(underLoad).toFixed(2)} ms  ratio ${ratio.toFixed(2)}`);
  },
};

const formType = { headers: { "Content-Type": "application/x-www-form-urlencoded" } };

/** Starts the guarded route, until `stack` is disposed of. */
async function start(stack: AsyncDisposableStack, openStores: OpenStores): Promise<MeasuredServer> {
  const stores = stack.use(await openStores(["mysql", "redis"]));
  const { privateKey } = generateKeyPairSync("ed25519");
  return stack.use(
    await startServer(process.execPath, [guarded], {
      env: {
        ...stores.env,
        PORT: "0",
        QUINTET_SECRET: randomBytes(32).toString("base64url"),
        AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
        LOG_FILE: join(stores.folder, "app.log"),
      },
    }),
  );
}
