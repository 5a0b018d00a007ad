import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import openapi, { astToString } from "openapi-typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, run } from "../src/run.ts";
import { type TestSettings, testSettings } from "./harness/test-settings.ts";
import { unique } from "./harness/values.ts";

const program = `
import createClient from "openapi-fetch";
import type { components, paths } from "./quintet.d.ts";

const [baseUrl = "", username = "", password = "", name = ""] = process.argv.slice(1);
const headers = { Authorization: \`Basic \${btoa(\`\${username}:\${password}\`)}\` };
const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl, headers });
const params = { path: { name } };

const made = await client.PUT("/queue/queues/{name}", { params, body: { visibilitySeconds: 30 } });
const visible: number | undefined = made.data?.visibilitySeconds;
const sent = await client.POST("/queue/queues/{name}/messages", { params, body: { body: { order: 17 } } });
const received = await client.POST("/queue/queues/{name}/receive", { params, body: { max: 10 } });
const bodies = received.data?.messages.map((message) => message.body);
const gone = await client.DELETE("/queue/queues/{name}", { params });

const absent = await client.GET("/queue/queues/{name}", { params });
const problem: components["schemas"]["Problem"] | undefined = absent.error;

const { data: users } = await client.GET("/directory/users", { params: { query: { name: "zzz", limit: 5 } } });
const total: number | undefined = users?.total;
const post = await client.POST("/social/posts", {
  params: { header: { "Idempotency-Key": name } },
  body: { title: "Coffee", content: "In Cali." },
});
const owner: string | undefined = post.data?.owner.email;

// @ts-expect-error a field that the call does not take
await client.POST("/social/vote", { body: { postId: 1, dir: 1, more: true } });
// @ts-expect-error a path that there is not
await client.GET("/social/nothing", {});

console.log(JSON.stringify({
  visible, sent: sent.response.status, bodies, gone: gone.response.status, problem: problem?.status, total, owner: typeof owner,
}));
`;

const tsconfig = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    module: "nodenext",
    target: "esnext",
    lib: ["esnext", "dom"],
    types: ["node"],
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  },
  files: ["program.ts"],
};

let settings: TestSettings;
let gateway: Gateway;
// Beside the gateway's own modules, so that the program finds what it imports.
const folder = fileURLToPath(new URL(`../node_modules/.generated-client-${process.pid}/`, import.meta.url));

beforeAll(async () => {
  settings = await testSettings();
  gateway = await run({ env: { ...settings.shared, ...settings.issuer, PORT: "0", LOG_LEVEL: "silent" }, first: true });
  await mkdir(folder, { recursive: true });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await gateway.close();
  await settings[Symbol.asyncDispose]();
});

describe("a client generated from the document", () => {
  it("compiles, and gets from a real gateway what its types say", async () => {
    const document = await (await fetch(`${gateway.url}/openapi.json`)).text();
    await writeFile(join(folder, "quintet.d.ts"), astToString(await openapi(document, { defaultNonNullable: false })));
    await writeFile(join(folder, "program.ts"), program);
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const tsc = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
    const compiled = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(compiled.stdout).toBe("");
    const { username, password } = settings.admin;
    // Node strips no types of what lies below node_modules, so the program comes as an argument.
    const args = [
      "--input-type=module-typescript",
      "--eval",
      program,
      gateway.url,
      username,
      password,
      unique("generated"),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({
      visible: 30,
      sent: 201,
      bodies: [{ order: 17 }],
      gone: 204,
      problem: 404,
      total: 0,
      owner: "string",
    });
  }, 120_000);
});
