import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "@quintet/stores/testing";
import { expect, it } from "vitest";
import { edge } from "./edge.ts";

const full = process.env.QUINTET_FAULTS === "full";
const kills = full ? 100 : 3;
const patience = { timeout: 60_000, interval: 2 };
const program = fileURLToPath(new URL("./harness/echo-app.ts", import.meta.url));

it("an app that is killed under load fails what was on its way there, nothing is done twice, and then all is well", async () => {
  const took = new Map<string, number>();
  const start = async (port: number): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [program, `${port}`], { stdio: ["pipe", "pipe", "inherit"] });
    const ready = Promise.withResolvers<void>();
    createInterface(child.stdout).on("line", (line) => {
      const [what, id = ""] = line.split(" ");
      if (what === "listening") ready.resolve();
      else took.set(id, (took.get(id) ?? 0) + 1);
    });
    await ready.promise;
    return child;
  };
  for (const replicas of [1, 2]) {
    const ports = await Promise.all(Array.from({ length: replicas }, freePort));
    const apps = await Promise.all(ports.map(start));
    await using front = await edge(
      ports.map((port) => `http://127.0.0.1:${port}`),
      { holdMs: 60_000 }, // However long the app takes to start here.
    );
    const agent = new Agent({ keepAlive: true });
    const statuses = new Map<string, number>();
    const good = new Set<string>();
    let answered = 0;
    let over = false;
    let nextId = 0;
    const one = (method: string) =>
      new Promise<void>((resolve) => {
        const id = `${replicas}-${nextId++}`;
        const headers = { "X-Id": id, "Content-Length": method === "POST" ? 4 : 0 };
        const tell = (status: number | string) => {
          answered++;
          statuses.set(`${method} ${status}`, (statuses.get(`${method} ${status}`) ?? 0) + 1);
          if (status === 200) good.add(id);
          resolve();
        };
        const sent = request(`${front.origin}/queue/x`, { method, agent, headers }, (answer) => {
          answer.resume().on("end", () => tell(answer.statusCode ?? 0));
          answer.on("error", () => tell("cut"));
        });
        sent.on("error", () => tell("lost"));
        sent.end(method === "POST" ? "body" : undefined);
      });
    const clients = Array.from({ length: 16 }, async (_, i) => {
      while (!over) await one(i % 2 === 0 ? "GET" : "POST");
    });
    for (let kill = 0; kill < kills; kill++) {
      const before = answered;
      await expect.poll(() => answered, patience).toBeGreaterThan(before + 60);
      const at = kill % replicas;
      const gone = once(apps[at] as ChildProcess, "exit");
      apps[at]?.kill("SIGKILL");
      await gone;
      apps[at] = await start(ports[at] as number);
      const after = answered;
      await expect.poll(() => answered, patience).toBeGreaterThan(after + 60);
    }
    over = true;
    await Promise.all(clients);
    agent.destroy();
    // A GET is sent again, so that nobody notices; a POST that was on its way is told of: 502, and never another status.
    expect([...statuses.keys()].filter((status) => !/^(?:GET 200|POST 200|POST 502)$/.test(status))).toEqual([]);
    expect([...took.values()].filter((times) => times > 1)).toEqual([]);
    // At most what was under way at a kill, and what was sent on a kept connection before its end was noticed.
    expect(statuses.get("POST 502") ?? 0).toBeLessThanOrEqual(16 * kills);
    expect(good.size).toBeGreaterThan(100 * kills);
    for (const app of apps) {
      const gone = once(app, "exit");
      app.kill("SIGKILL");
      await gone;
    }
  }
}, 3_600_000);
