import { HealthCheckError, HealthDetails } from "@quintet/http";
import { Redis as Connection } from "ioredis";
import { connectRedis, mastersOf } from "./client.ts";

/** A connection for health checks alone, which never wait for other commands. */
export interface RedisHealth {
  /** Resolves when Redis accepts writes; otherwise rejects with the reason. Tells about replication if there is any. */
  check(): Promise<HealthDetails | undefined>;
  disconnect(): void;
}

/** What one server says of itself. Counts are of replicas that are connected and up to date. */
interface ServerState {
  role: string;
  replicas: number;
  /** Since the slowest of them last responded, in seconds. */
  lagSeconds: number;
  /** `min-replicas-to-write`; undefined when the server does not say it. */
  minReplicas: number | undefined;
  /** Why it refuses writes. */
  refusal: string | undefined;
  /** Whether it refuses only what needs memory. */
  isFull: boolean;
}

// It writes nothing, and Redis refuses it for whatever reason it refuses a write (Redis 7, "Eval flags").
const writeProbe = "#!lua\nreturn 1";

const refusals: [RegExp, string][] = [
  [/^READONLY /, "it is a replica"],
  [/^MASTERDOWN /, "it is a replica without a connection to its master"],
  [/^MISCONF /, "it cannot write to its disk"],
  [/^NOREPLICAS /, "it has fewer replicas than its min-replicas-to-write"],
  [/^OOM /, "its memory is full"],
];

/**
 * Opens the check of a Redis, which connects when it is first used. `waitReplicas`: on how many replicas a write must be
 * confirmed (`REDIS_WAIT_REPLICAS`). A master without so many fails the check, since its writes do.
 */
export function healthRedis(url: string, { waitReplicas = 0 }: { waitReplicas?: number } = {}): RedisHealth {
  const redis = connectRedis(url, { prefix: "", lazyConnect: true, onError: () => {} });
  const refusalOf = (state: ServerState) => state.refusal ?? missingReplicas(state, waitReplicas);
  const check = async (): Promise<HealthDetails | undefined> => {
    if (redis instanceof Connection) {
      const state = await readServer(redis);
      const refusal = refusalOf(state);
      const details = detailsOf([state], waitReplicas);
      if (refusal) {
        const text = state.isFull
          ? `Redis accepts nothing that needs memory: ${refusal}`
          : `Redis accepts no writes: ${refusal}`;
        throw new HealthCheckError(state.isFull ? "degraded" : "failing", text, undefined, details);
      }
      return state.replicas > 0 || waitReplicas > 0 ? new HealthDetails(details) : undefined;
    }
    const masters = await mastersOf(redis);
    const read = await Promise.allSettled(
      masters.map(async (node) => [await readServer(node), await readCluster(node)] as const),
    );
    const found = read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const states = found.map(([state]) => state);
    // A master that is cut off from the others takes the whole cluster for down; the majority knows.
    const down = found.filter(([, { isOk }]) => !isOk);
    const isDown = 2 * down.length > found.length || found.length === 0;
    const slotsServed = Math.min(
      16_384,
      ...(isDown ? down : found.filter(([, { isOk }]) => isOk)).map(([, { slots }]) => slots),
    );
    const uncovered = found.length === 0 ? 0 : 16_384 - slotsServed;
    const details = {
      mode: "cluster",
      masters: masters.length,
      slotsServed: found.length === 0 ? 0 : slotsServed,
      ...detailsOf(states, waitReplicas),
    };
    const faults = [
      ...(uncovered > 0 ? [`${uncovered} of 16384 slots are not served`] : []),
      ...(states.length < masters.length
        ? [`${masters.length - states.length} of ${masters.length} masters do not respond`]
        : []),
      ...new Set(states.flatMap((state) => refusalOf(state) ?? [])).values(),
    ];
    if (faults.length === 0) return new HealthDetails(details);
    const accepting = states.filter((state) => state.isFull || !refusalOf(state));
    const text = `${isDown ? "the Redis cluster is down" : "the Redis cluster does not accept all writes"}: ${faults.join("; ")}`;
    throw new HealthCheckError(isDown || accepting.length === 0 ? "failing" : "degraded", text, undefined, details);
  };
  return { check, disconnect: () => redis.disconnect() };
}

async function readServer(redis: Connection): Promise<ServerState> {
  const [probe, info, config] = await Promise.all([
    redis.eval(writeProbe, 0).catch((error: Error) => error),
    redis.info("replication"),
    // Services that hide their configuration refuse this.
    (redis.config("GET", "min-replicas-to-write") as Promise<string[]>).catch(() => []),
  ]);
  const fields = infoFields(info);
  const role = fields.get("role") === "slave" ? "replica" : (fields.get("role") ?? "");
  const replicas = [...fields]
    .filter(([name, value]) => /^slave\d+$/.test(name) && /state=online/.test(value))
    .map(([, value]) => Number(/lag=(\d+)/.exec(value)?.[1] ?? 0));
  const message = probe instanceof Error ? probe.message : "";
  const refused = refusals.find(([reply]) => reply.test(message))?.[1];
  return {
    role,
    replicas: replicas.length,
    lagSeconds: Math.max(0, ...replicas),
    minReplicas: config[1] === undefined ? undefined : Number(config[1]),
    // A replica may accept writes that it loses again.
    refusal: refused ?? (role === "replica" ? "it is a replica" : undefined),
    isFull: message.startsWith("OOM "),
  };
}

/** What a node says of the cluster. */
async function readCluster(node: Connection): Promise<{ isOk: boolean; slots: number }> {
  const fields = infoFields(String(await node.cluster("INFO")));
  return { isOk: fields.get("cluster_state") === "ok", slots: Number(fields.get("cluster_slots_ok") ?? 0) };
}

function missingReplicas({ replicas }: ServerState, wanted: number): string | undefined {
  return replicas < wanted
    ? `it has ${replicas} of the ${wanted} replicas that REDIS_WAIT_REPLICAS requires`
    : undefined;
}

/** Of several servers the worst: the fewest replicas, the longest lag. */
function detailsOf(states: ServerState[], waitReplicas: number) {
  const minReplicas = states.map((state) => state.minReplicas).filter((each) => each !== undefined);
  return {
    role: [...new Set(states.map(({ role }) => role))].join(", "),
    replicas: states.length === 0 ? 0 : Math.min(...states.map(({ replicas }) => replicas)),
    lagSeconds: Math.max(0, ...states.map(({ lagSeconds }) => lagSeconds)),
    ...(minReplicas.length > 0 ? { minReplicasToWrite: Math.min(...minReplicas) } : {}),
    ...(waitReplicas > 0 ? { waitReplicas } : {}),
  };
}

/** The fields of an `INFO` or `CLUSTER INFO`, by their names. */
export function infoFields(info: string): Map<string, string> {
  return new Map(
    info.split("\r\n").flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}
