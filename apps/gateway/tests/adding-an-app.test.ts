import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "./harness/client.ts";
import { logIn } from "./harness/person.ts";
import { startServer } from "./harness/server-process.ts";
import { type TestSettings, testSettings } from "./harness/test-settings.ts";

// Does what docs/adding-an-app.md says, in a copy of the repository.

const root = fileURLToPath(new URL("../../..", import.meta.url));
const run = promisify(execFile);
const stack = new AsyncDisposableStack();
let copy: string;
let settings: TestSettings;

/** The blocks of the page that name a file: its language, the file, and the text. */
function blocks(): { language: string; file: string; text: string }[] {
  const page = readFileSync(join(root, "docs/adding-an-app.md"), "utf8");
  return [...page.matchAll(/^```(\w+) (\S+)\n(.*?)^```$/gms)].map(([, language = "", file = "", text = ""]) => ({
    language,
    file,
    text,
  }));
}

/** The text with the lines of a diff added and removed; its other lines are looked for from the top down. */
function patched(text: string, diff: string): string {
  const lines = text.split("\n");
  let at = 0;
  for (const line of diff.trimEnd().split("\n")) {
    const [kind, content] = [line[0], line.slice(1)];
    if (kind === "+") {
      lines.splice(at, 0, content);
      at += 1;
      continue;
    }
    const found = lines.indexOf(content, at);
    if (found < 0) throw new Error(`The page names a line that is not there: ${content}`);
    if (kind === "-") lines.splice(found, 1);
    at = kind === "-" ? found : found + 1;
  }
  return lines.join("\n");
}

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "quintet-sixth-app-"));
  stack.defer(() => rm(copy, { recursive: true, force: true }));
  settings = stack.use(await testSettings());
  const listed = await run("git", ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    maxBuffer: 2 ** 26,
  });
  const files = listed.stdout.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
  await Promise.all(files.map((file) => cp(join(root, file), join(copy, file), { recursive: true })));
  for (const { language, file, text } of blocks()) {
    const path = join(copy, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, language === "diff" ? patched(await readFile(path, "utf8"), text) : text);
  }
  const { packageManager } = JSON.parse(await readFile(join(copy, "package.json"), "utf8")) as {
    packageManager: string;
  };
  const install = ["--yes", packageManager, "install", "--no-frozen-lockfile", "--prefer-offline", "--ignore-scripts"];
  await run("npx", install, { cwd: copy, env: { ...process.env, CI: "true" } });
}, 120_000);
afterAll(() => stack.disposeAsync());

test.each([
  ["tsc", ["--noEmit", "--project", "apps/notes"]],
  ["biome", ["check", "--error-on-warnings", "--vcs-enabled=false", "apps/notes"]],
  ["depcruise", ["--config", ".dependency-cruiser.mjs", "apps/notes", "apps/gateway/src"]],
])(
  "it passes %s",
  async (tool, args) => {
    const output = await run(join(root, "node_modules/.bin", tool), args, { cwd: copy }).catch(
      (error) => error.stdout + error.stderr,
    );
    expect(output).toMatchObject({ stderr: expect.any(String) });
  },
  120_000,
);

test.each([["gateway"], ["notes"]])(
  "it runs as the page says, in %s",
  async (program) => {
    const env = { ...settings.shared, ...settings.issuer };
    await using server = await startServer(program, env, copy);
    const anyone = new Client(server.origin);
    const admin = await logIn(server.origin, settings.admin.username, settings.admin.password);

    expect((await anyone.post("/notes", { text: "No account" })).status).toBe(401);
    const created = await admin.post("/notes", { text: "First" });
    expect([created.status, created.headers.location]).toEqual([201, `/notes/${created.json<Note>().id}`]);
    expect((await admin.get(created.headers.location ?? "")).json()).toEqual({ ...created.json<Note>() });
    expect((await admin.get("/notes/999999")).json()).toMatchObject({ status: 404, detail: "Note not found" });
    expect((await admin.post("/notes", { text: "", extra: 1 })).json<{ errors: unknown[] }>().errors).toHaveLength(2);
    expect((await anyone.get("/notes/health")).json()).toMatchObject({ checks: { mysql: {}, redis: {} } });
    const page = await anyone.with({ Accept: "text/html" }).get(program === "gateway" ? "/" : "/notes/no/such/page");
    expect(page.text).toContain('href="/notes/docs"');
    const document = (await anyone.get(program === "gateway" ? "/openapi.json" : "/notes/openapi.json")).json<{
      paths: object;
    }>();
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(["/notes", "/notes/{id}"]));
  },
  120_000,
);

interface Note {
  id: number;
  text: string;
}
