import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { deadline } from "@quintet/http";
import { bareEnvironment } from "@quintet/http/testing";

/** A Quintet program that runs as a process of its own and listens. */
export interface ServerProcess extends AsyncDisposable {
  origin: string;
  /** Everything that it has written so far. */
  output(): string;
  /** Ends it by SIGKILL, in the middle of whatever it does, and starts it again at the same address. */
  kill(): Promise<void>;
}

/** A busy machine may take minutes; a program that fails says so at once. */
const startLimitMs = 300_000;
const ownRoot = fileURLToPath(new URL("../../../..", import.meta.url));
const endWithParent = new URL("./end-with-parent.ts", import.meta.url).href;

/**
 * Runs `node apps/<app>/src/main.ts` of the repository at `root` with these settings and nothing else of this process's environment; resolves when it
 * listens, rejects with what it wrote when it ends before.
 */
export async function startServer(app: string, env: Record<string, string>, root = ownRoot): Promise<ServerProcess> {
  let before = "";
  let running = await launch(app, env, root);
  const { port } = running;
  return {
    origin: `${env.TLS_CERT ? "https" : "http"}://127.0.0.1:${port}`,
    output: () => before + running.output(),
    async kill() {
      await running.end("SIGKILL");
      before += running.output();
      running = await launch(app, { ...env, PORT: String(port) }, root);
    },
    [Symbol.asyncDispose]: () => running.end("SIGTERM"),
  };
}

/** One process of a program that listens. */
interface Running {
  port: number;
  output(): string;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function launch(app: string, env: Record<string, string>, root: string): Promise<Running> {
  const program = join(root, "apps", app, "src/main.ts");
  const child = spawn(process.execPath, ["--import", endWithParent, program], {
    env: { ...bareEnvironment(), PORT: "0", ...env, LOG_LEVEL: "info" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = once(child, "exit").then(([code, signal]) => `${app} ended with ${code ?? signal}`);
  let output = "";
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  const port = new Promise<number>((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      output += `${line}\n`;
      const found = /"message":"listening on [^"]*:(\d+)"/.exec(line)?.[1];
      if (found) resolve(Number(found));
    });
  });
  const late = () => `${app} did not listen within ${startLimitMs / 1000} s`;
  const first = await deadline(Promise.race([port, ended]), startLimitMs, late);
  if (typeof first === "string") {
    child.kill("SIGKILL");
    throw new Error(`${first}:\n${output}`);
  }
  return {
    port: first,
    output: () => output,
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
