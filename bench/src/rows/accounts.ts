import { execFile } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openStores } from "@quintet/stores";
import { median, type Variant } from "../interleave.ts";
import { type Call, steadyP99 } from "../node-load.ts";
import { type MeasuredServer, startServer } from "../processes.ts";
import { compare, loadVariant, type Row } from "../row.ts";
import { type Load, wrk } from "../wrk.ts";

const guarded = fileURLToPath(new URL("../servers/guarded.ts", import.meta.url));
const bareArgon2 = fileURLToPath(new URL("../servers/bare-argon2.ts", import.meta.url));
const password = "correct horse battery";
const people = 16;
const clients = 8;
/** Of the route whose latency is looked at while others sign in. */
const steadyPerSecond = 200;

/** What credentials cost: of a request that brings them, and of a sign-in. */
export const accounts: Row = {
  name: "accounts",
  about: "a route with Bearer and with Basic beside the same route open; sign-ins beside bare Argon2id",
  async run({ rounds, seconds }) {
    await using stack = new AsyncDisposableStack();
    const server = await start(stack);
    const origin = `http://127.0.0.1:${server.port}`;
    for (let i = 0; i < people; i++) {
      const body = JSON.stringify({ username: `person${i}`, email: `person${i}@example.com`, password });
      const headers = { "Content-Type": "application/json" };
      const made = await fetch(`${origin}/auth/register`, { method: "POST", headers, body });
      if (made.status !== 201) throw new Error(`An account cannot be made: ${made.status}`);
    }
    const bodies = Array.from({ length: people }, (_, i) => {
      const form = new URLSearchParams({ grant_type: "password", username: `person${i}`, password });
      return `${form}`;
    });
    const storm: Load = { url: `${origin}/auth/token`, method: "POST", bodies, connections: clients, ...formType };
    const answer = await fetch(storm.url, { method: "POST", body: bodies[0] ?? "", ...formType });
    const { access_token } = (await answer.json()) as { access_token: string };
    const ways: [string, string, Record<string, string>][] = [
      ["open", "/small/open", {}],
      ["Bearer", "/small/guarded", { Authorization: `Bearer ${access_token}` }],
      ["Basic", "/small/guarded", { Authorization: `Basic ${btoa(`person0:${password}`)}` }],
    ];
    if ((await fetch(`${origin}/small/guarded`)).status !== 401) throw new Error("The route is not guarded.");
    for (const [name, path, headers] of ways) {
      const text = await (await fetch(origin + path, { headers })).text();
      if (text !== '{"status":"running","message":"hello"}') throw new Error(`${name}: wrong answer ${text}`);
    }
    await compare(
      "A small GET, its credentials remembered",
      "requests/s",
      ways.map(([name, path, headers]) => loadVariant(name, [server], { url: origin + path, headers }, seconds)),
      rounds,
    );

    const open: Call = { url: `${origin}/small/open` };
    const alone: number[] = [];
    const meanwhile: number[] = [];
    const bare: Variant = {
      name: "bare Argon2id, both cores",
      async measure() {
        const { stdout } = await promisify(execFile)(process.execPath, [bareArgon2, String(seconds)]);
        return { figure: Number(stdout) };
      },
    };
    // What a sign-in goes through is compiled before it is timed.
    await wrk(storm, seconds);
    await compare("Sign-ins", "per second", [bare, loadVariant("sign-ins", [server], storm, seconds)], rounds);
    for (let round = 0; round < rounds; round++) {
      alone.push(await steadyP99(open, steadyPerSecond, seconds));
      const [p99] = await Promise.all([steadyP99(open, steadyPerSecond, seconds), wrk(storm, seconds)]);
      meanwhile.push(p99);
    }
    const ratio = median(meanwhile.map((p99, round) => p99 / (alone[round] ?? Number.NaN)));
    console.log(`\nAn open route at ${steadyPerSecond} requests/s, p99`);
    console.log(`  alone             ${median(alone).toFixed(2)} ms`);
    console.log(`  during sign-ins   ${median(meanwhile).toFixed(2)} ms  ratio ${ratio.toFixed(2)}`);
  },
};

const formType = { headers: { "Content-Type": "application/x-www-form-urlencoded" } };

/** The guarded route on stores of its own; it ends with `stack`. */
async function start(stack: AsyncDisposableStack): Promise<MeasuredServer> {
  const folder = mkdtempSync(join(tmpdir(), "quintet-bench-"));
  chmodSync(folder, 0o711); // The stores' own users must get in.
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const progress = (line: string) => console.log(`  ${line}`);
  const stores = stack.use(await openStores({ dataDir: folder, needs: ["mysql", "redis"], env: {}, progress }));
  const { privateKey } = generateKeyPairSync("ed25519");
  return stack.use(
    await startServer(process.execPath, [guarded], {
      env: {
        ...stores.env,
        PORT: "0",
        QUINTET_SECRET: randomBytes(32).toString("base64url"),
        AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
        LOG_FILE: join(folder, "app.log"),
      },
    }),
  );
}
