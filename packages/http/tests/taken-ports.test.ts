import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { freePort, startProcess, takenPort } from "../src/testing.ts";

const program = fileURLToPath(new URL("listening-program.ts", import.meta.url));

const run = (env: Record<string, string>, ...options: string[]) =>
  startProcess([process.execPath, ...options, program], { PORT: "0", ...env }, "SIGKILL");

it("ends a start with status 1 and one line, when a port is taken or an address is not here", async () => {
  const [v4, v6, all] = [await takenPort("127.0.0.1"), await takenPort("::1"), await takenPort("0.0.0.0")];
  const taken = (setting: string, address: string) =>
    `${setting}: ${address} is taken by another program; choose another port`;
  const cases: [Record<string, string>, string][] = [
    [{ WORKERS: "0", METRICS_PORT: `${v4}` }, taken("METRICS_PORT", `127.0.0.1:${v4}`)],
    [{ WORKERS: "1", METRICS_PORT: `${all}` }, taken("METRICS_PORT", `127.0.0.1:${all}`)],
    [{ WORKERS: "2", METRICS_PORT: `${v4}`, METRICS_HOST: "0.0.0.0" }, taken("METRICS_PORT", `0.0.0.0:${v4}`)],
    [{ WORKERS: "0", PORT: `${v4}` }, taken("PORT", `127.0.0.1:${v4}`)],
    [{ WORKERS: "1", PORT: `${v4}`, HOST: "::" }, taken("PORT", `[::]:${v4}`)],
    [{ WORKERS: "2", PORT: `${v6}`, HOST: "::1" }, taken("PORT", `[::1]:${v6}`)],
    [{ WORKERS: "0", HOST: "203.0.113.9" }, "HOST: 203.0.113.9 is not an address of this machine"],
    [
      { WORKERS: "2", METRICS_PORT: "0", METRICS_HOST: "2001:db8::9" },
      "METRICS_HOST: 2001:db8::9 is not an address of this machine",
    ],
    [{ WORKERS: "1", HOST: "no-such-host.invalid" }, "HOST: no address is known for no-such-host.invalid"],
  ];
  const told = cases.map(async ([env]) => {
    const { ended, errors } = run(env);
    return [env, await ended, errors()];
  });
  expect(await Promise.all(told)).toEqual(
    cases.map(([env, fault]) => [env, 1, `Bad settings: ${fault}. See .env.example.\n`]),
  );
});

it("listens on a port that is taken on another address, with a socket of its own for each setting", async () => {
  const { child, ended, out } = run({ WORKERS: "2", PORT: String(await takenPort("127.0.0.2")), METRICS_PORT: "0" });
  await expect.poll(out, { timeout: 30_000 }).toMatch(/metrics on 127.0.0.1:\d+/);
  const [, port] = /listening on 127.0.0.1:(\d+)/.exec(out()) ?? [];
  const [, metrics] = /metrics on 127.0.0.1:(\d+)/.exec(out()) ?? [];
  expect(metrics).not.toBe(port);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

it("tells at a reload of a port that is taken, and goes on as it was", async () => {
  const folder = mkdtempSync(join(tmpdir(), "quintet-ports-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "settings");
  const [port, next, taken] = [await freePort(), await freePort(), await takenPort("127.0.0.1")];
  const put = (...lines: string[]) => {
    writeFileSync(`${file}.new`, lines.join("\n"));
    renameSync(`${file}.new`, file);
  };
  put(`PORT=${port}`);
  const { child, ended, out } = run({ WORKERS: "2", CONFIG_FILE: file, PORT: "" });
  const says = (text: string) => expect.poll(out, { timeout: 30_000 }).toContain(text);
  await says(`listening on 127.0.0.1:${port}`);
  put(`PORT=${next}`, `METRICS_PORT=${taken}`);
  const fault = `METRICS_PORT: 127.0.0.1:${taken} is taken by another program; choose another port`;
  await says(`The settings were not changed. Bad settings: ${fault}. See .env.example.`);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  // The worker that failed had listened there: nobody may wait for it.
  await expect(fetch(`http://127.0.0.1:${next}/`)).rejects.toThrow();
  put(`PORT=${next}`);
  await says("2 serve with the current settings");
  expect((await fetch(`http://127.0.0.1:${next}/`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

it("takes no message of Node's --watch for a standstill of its own", async () => {
  const { child, ended, out } = run({ WORKERS: "0", PORT: "0", LOOP_BLOCK_MS: "100" }, "--watch");
  await expect.poll(out, { timeout: 30_000 }).toMatch(/listening on/);
  const [, port] = /listening on 127.0.0.1:(\d+)/.exec(out()) ?? [];
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${port}/block`)).ok && out(), { timeout: 30_000 })
    .toMatch(/blocked for \d+ ms/);
  expect(out()).not.toContain("NaN");
  child.kill("SIGTERM");
  await ended;
});
