import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { freePort } from "./free-port.ts";
import { installMissing } from "./install.ts";
import { redis as redisEngine } from "./redis.ts";

const password = "topology";
/** How long a reply is waited for, in ms: of one process on a busy machine, and of one of several, where a frozen one is passed over. */
const replyMs = 10_000;
const anyReplyMs = 500;
/** The node timeout while a cluster forms: a node forgets within it whom it was told to meet, unless that one has responded. */
const formingTimeoutMs = 15_000;

/** The files of a certificate for 127.0.0.1 that is its own authority; with them all connections are over TLS. */
interface TlsFiles {
  cert: string;
  key: string;
}

/** A Redis or Sentinel process that a test kills, freezes and starts again. */
export interface RedisProcess {
  port: number;
  /** Runs one command, in words separated by spaces; the reply as text. Rejects with an error reply. */
  command(text: string, limitMs?: number): Promise<string>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts the killed process again, with its data. */
  start(): void;
  /** SIGSTOP and SIGCONT: its connections stay open and nothing responds. */
  freeze(): void;
  thaw(): void;
}

/** Three masters, each with a replica. */
export interface RedisCluster extends AsyncDisposable {
  /** `redis+cluster://` with three of the nodes. */
  url: string;
  nodes: RedisProcess[];
  /** The masters and the replica of each, as the nodes see them now. */
  masters(): Promise<{ master: RedisProcess; replicas: RedisProcess[]; slots: string[] }[]>;
  /** Resolves when each master has a connected replica and no node sees a failure. */
  isWhole(): Promise<void>;
}

/** A master with a replica, and three Sentinels that watch them. */
export interface RedisSentinels extends AsyncDisposable {
  /** `redis+sentinel://` with the Sentinels. */
  url: string;
  servers: RedisProcess[];
  sentinels: RedisProcess[];
  /** The server that the Sentinels name. */
  master(): Promise<RedisProcess>;
  /** Resolves when the master has a replica and all Sentinels know it. */
  isWhole(): Promise<void>;
}

/** Starts a cluster. A master that does not respond for `nodeTimeoutMs` is replaced about two seconds later. */
export async function openRedisCluster({
  nodeTimeoutMs = 1000,
  tls,
}: {
  nodeTimeoutMs?: number;
  tls?: TlsFiles;
} = {}): Promise<RedisCluster> {
  const { start, close } = await processes(tls);
  const settings = [
    "cluster-enabled yes",
    `cluster-node-timeout ${formingTimeoutMs}`,
    "cluster-replica-validity-factor 0",
    "cluster-allow-replica-migration no",
  ];
  const nodes = await Promise.all(
    Array.from({ length: 6 }, async () => start([...settings, `cluster-port ${await freePort()}`])),
  );
  try {
    const [first, ...others] = nodes as [RedisProcess, ...RedisProcess[]];
    await Promise.all(nodes.map(isUp));
    const ids = await Promise.all(nodes.map((node) => node.command("CLUSTER MYID")));
    const ranges = ["0 5460", "5461 10922", "10923 16383"];
    await Promise.all(
      ranges.map(async (range, i) => {
        await nodes[i]!.command(`CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
        await nodes[i]!.command(`CLUSTER ADDSLOTSRANGE ${range}`);
      }),
    );
    for (const node of others) {
      const busPort = await node.command("CONFIG GET cluster-port");
      await first.command(`CLUSTER MEET 127.0.0.1 ${node.port} ${busPort.split("\n")[1]}`);
    }
    await Promise.all(
      nodes.slice(3).map(async (node, i) => {
        await until(async () => (await node.command("CLUSTER NODES")).includes(`${ids[i]} `));
        await node.command(`CLUSTER REPLICATE ${ids[i]}`);
      }),
    );
    await until(async () => {
      const seen = await Promise.all(nodes.map((node) => node.command("CLUSTER NODES")));
      return seen.every((text) => !text.includes("handshake") && ids.every((id) => text.includes(`${id} `)));
    });
    await Promise.all(
      nodes.map(async (node) => {
        await node.command(`CONFIG SET cluster-node-timeout ${nodeTimeoutMs}`);
        await node.command("CONFIG REWRITE");
      }),
    );
    const cluster: RedisCluster = {
      url: `${tls ? "rediss" : "redis"}+cluster://:${password}@${nodes
        .slice(0, 3)
        .map(({ port }) => `127.0.0.1:${port}`)
        .join(",")}`,
      nodes,
      async masters() {
        const lines = (await anyOf(nodes, "CLUSTER NODES")).trim().split("\n");
        const known = lines.map((line) => {
          const [id = "", address = "", flags = "", masterId = "", , , , , ...slots] = line.split(" ");
          const port = Number(/:(\d+)@/.exec(address)?.[1]);
          return { id, node: nodes.find((node) => node.port === port)!, flags, masterId, slots };
        });
        return known
          .filter(({ flags, slots }) => flags.includes("master") && slots.length > 0)
          .map(({ id, node, slots }) => ({
            master: node,
            replicas: known.filter(({ masterId }) => masterId === id).map((replica) => replica.node),
            slots,
          }));
      },
      async isWhole() {
        await until(async () => {
          const seen = await Promise.all(nodes.map((node) => node.command("CLUSTER NODES")));
          const info = await Promise.all(nodes.map((node) => node.command("INFO replication")));
          const states = await Promise.all(nodes.map((node) => node.command("CLUSTER INFO")));
          return (
            new Set(seen.map(rolesIn)).size === 1 &&
            seen.every((text) => text.trim().split("\n").length === 6 && !/fail|handshake|noaddr/.test(text)) &&
            states.every((text) => text.includes("cluster_state:ok")) &&
            info.filter((text) => /^role:master/m.test(text) && /^slave0:.*state=online/m.test(text)).length === 3 &&
            info.filter((text) => /^master_link_status:up/m.test(text)).length === 3
          );
        });
      },
      [Symbol.asyncDispose]: close,
    };
    await cluster.isWhole();
    return cluster;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts a master with a replica and three Sentinels, which replace a master that does not respond for `downAfterMs`. */
export async function openRedisSentinels({
  downAfterMs = 1000,
  tls,
}: {
  downAfterMs?: number;
  tls?: TlsFiles;
} = {}): Promise<RedisSentinels> {
  const { start, close } = await processes(tls);
  try {
    const master = await start([]);
    const replica = await start([`replicaof 127.0.0.1 ${master.port}`]);
    const servers = [master, replica];
    await Promise.all(servers.map(isUp));
    await until(async () => /^slave0:.*state=online/m.test(await master.command("INFO replication")));
    const watch = [
      `sentinel monitor quintet 127.0.0.1 ${master.port} 2`,
      `sentinel auth-pass quintet ${password}`,
      `sentinel down-after-milliseconds quintet ${downAfterMs}`,
      "sentinel failover-timeout quintet 4000",
    ];
    const sentinels = await Promise.all(Array.from({ length: 3 }, () => start(watch, true)));
    await Promise.all(sentinels.map(isUp));
    const named = async () => (await anyOf(sentinels, "SENTINEL GET-MASTER-ADDR-BY-NAME quintet")).split("\n")[1];
    const opened: RedisSentinels = {
      url: `${tls ? "rediss" : "redis"}+sentinel://:${password}@${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",")}/quintet?sentinelPassword=${password}`,
      servers,
      sentinels,
      async master() {
        const port = Number(await named());
        return servers.find((server) => server.port === port)!;
      },
      async isWhole() {
        await until(async () => {
          const known = await Promise.all(sentinels.map((each) => each.command("SENTINEL MASTER quintet")));
          const field = (text: string, name: string) => new RegExp(`^${name}\n(.*)$`, "m").exec(text)?.[1];
          const info = await (await opened.master()).command("INFO replication");
          return (
            known.every(
              (text) =>
                field(text, "flags") === "master" &&
                field(text, "num-other-sentinels") === "2" &&
                field(text, "num-slaves") === "1",
            ) &&
            /^role:master/m.test(info) &&
            /^slave0:.*state=online/m.test(info)
          );
        });
      },
      [Symbol.asyncDispose]: close,
    };
    await opened.isWhole();
    return opened;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Who replicates whom, by a node's CLUSTER NODES, in a form that can be compared. */
function rolesIn(nodes: string): string {
  const lines = nodes.trim().split("\n");
  return lines
    .map((line) => {
      const [id, , , masterId] = line.split(" ");
      return `${id} ${masterId}`;
    })
    .sort()
    .join();
}

/** Processes in a folder of their own, which `close` kills and removes. */
async function processes(tls?: TlsFiles) {
  const folder = await mkdtemp(join(tmpdir(), "quintet-redis-"));
  const progress = () => {};
  await installMissing([redisEngine], folder, progress);
  const { "redis-server": program = "" } = (await redisEngine.find(null)) ?? {};
  const killing: (() => Promise<void>)[] = [];
  const start = async (settings: string[], isSentinel = false): Promise<RedisProcess> => {
    const port = await freePort();
    const dir = join(folder, String(port));
    await mkdir(dir);
    const file = join(dir, "redis.conf");
    const common = [
      ...(tls ? overTls(port, tls) : [`port ${port}`]),
      "bind 127.0.0.1",
      `dir ${dir}`,
      `requirepass ${password}`,
      ...(isSentinel
        ? [`sentinel sentinel-pass ${password}`]
        : [
            `masterauth ${password}`,
            'save ""',
            "repl-diskless-sync-delay 0",
            "repl-ping-replica-period 1",
            "enable-protected-configs yes",
            "shutdown-on-sigterm now",
          ]),
    ];
    await writeFile(file, [...common, ...settings, ""].join("\n"));
    let child: ChildProcess;
    const run = () => {
      child = spawn(program, isSentinel ? [file, "--sentinel"] : [file], { stdio: "ignore" });
    };
    const kill = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    };
    run();
    killing.push(kill);
    return {
      port,
      command: (text, limitMs = replyMs) => exchange(port, text, { tls: tls !== undefined, limitMs }),
      kill,
      start: run,
      freeze: () => void child.kill("SIGSTOP"),
      thaw: () => void child.kill("SIGCONT"),
    };
  };
  const onExit = () => {
    for (const kill of killing) kill().catch(() => {});
  };
  process.once("exit", onExit);
  const close = async () => {
    process.off("exit", onExit);
    await Promise.all(killing.map((kill) => kill()));
    await rm(folder, { recursive: true, force: true });
  };
  return { start, close };
}

/** The settings of a process whose clients, replicas and other nodes all use TLS. */
function overTls(port: number, { cert, key }: TlsFiles): string[] {
  return [
    "port 0",
    `tls-port ${port}`,
    `tls-cert-file ${cert}`,
    `tls-key-file ${key}`,
    `tls-ca-cert-file ${cert}`,
    "tls-auth-clients no",
    "tls-replication yes",
    "tls-cluster yes",
  ];
}

async function isUp(server: RedisProcess): Promise<void> {
  await until(async () => (await server.command("PING")) === "PONG");
}

/** The reply of the first of the processes that responds. */
async function anyOf(servers: RedisProcess[], command: string): Promise<string> {
  for (const server of servers) {
    const reply = await server.command(command, anyReplyMs).catch(() => undefined);
    if (reply !== undefined) return reply;
  }
  throw new Error("None of the processes responds");
}

/** Waits until a condition holds; one that rejects does not hold. */
async function until(holds: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > end) throw new Error("The Redis processes did not get into the expected state in time");
    await delay(50);
  }
}

/** Sends one inline command after AUTH. The elements of an array are lines. */
function exchange(port: number, command: string, { tls, limitMs }: { tls: boolean; limitMs: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const address = { host: "127.0.0.1", port };
    const socket = tls ? connectTls({ ...address, rejectUnauthorized: false }) : connect(address);
    const end = (result: string | Error) => {
      socket.destroy();
      if (typeof result === "string") resolve(result);
      else reject(result);
    };
    socket.setTimeout(limitMs, () => end(new Error(`Port ${port} does not respond`)));
    socket.on(tls ? "secureConnect" : "connect", () => socket.write(`AUTH ${password}\r\n${command}\r\n`));
    socket.on("error", end);
    socket.on("close", () => end(new Error("Connection closed")));
    socket.setEncoding("latin1").on("data", (chunk) => {
      received += chunk;
      const auth = readReply(received, 0);
      const reply = auth && readReply(received, auth.end);
      if (reply) end(reply.text.startsWith("-") ? new Error(reply.text) : reply.text);
    });
  });
}

/** One RESP2 reply at an offset, or undefined while it is incomplete. An error begins with `-`. */
function readReply(text: string, at: number): { text: string; end: number } | undefined {
  const eol = text.indexOf("\r\n", at);
  if (eol < 0) return undefined;
  const line = text.slice(at + 1, eol);
  const start = eol + 2;
  if (text[at] === "-") return { text: `-${line}`, end: start };
  if (text[at] === "$") {
    const end = start + Number(line) + 2;
    if (Number(line) < 0) return { text: "", end: start };
    return text.length < end ? undefined : { text: text.slice(start, end - 2), end };
  }
  if (text[at] !== "*") return { text: line, end: start };
  const elements: string[] = [];
  let next = start;
  for (let i = 0; i < Number(line); i++) {
    const element = readReply(text, next);
    if (!element) return undefined;
    elements.push(element.text);
    next = element.end;
  }
  return { text: elements.join("\n"), end: next };
}
