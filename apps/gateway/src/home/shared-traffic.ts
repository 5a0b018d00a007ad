import { connectRedis, redisWithDeadline } from "@quintet/db";
import { latencyBounds } from "@quintet/http";
import { type Step, type Steps, stepOf, stepSeconds, stepsShown, watchTraffic } from "./traffic.ts";

/** The traffic of all gateway processes together, or of this one alone while Redis is unavailable. */
export interface SharedTraffic extends AsyncDisposable {
  read(): Promise<{ steps: Steps; processes: number }>;
}

const keptSeconds = (stepsShown + 6) * stepSeconds;
/** How long a read is cached, in ms. */
const cachedMs = 1000;

/** The traffic of this process alone, without Redis. */
export function ownTraffic(): SharedTraffic {
  const own = watchTraffic();
  return {
    read: async () => ({ steps: own.steps(), processes: 1 }),
    [Symbol.asyncDispose]: async () => own.close(),
  };
}

/**
 * The traffic of all gateway processes on the same Redis and prefix. Each process adds its numbers to one hash per step, so that every
 * process can show the sums.
 */
export function shareTraffic(redisUrl: string, prefix: string, onError: (error: Error) => void): SharedTraffic {
  const redis = connectRedis(redisUrl, {
    prefix: `${prefix}traffic:`,
    name: "traffic",
    batchesWrites: true,
    lazyConnect: true,
    onError,
  });
  const withDeadline = redisWithDeadline(redis);
  const own = watchTraffic((step, apps) => {
    const adding = redis.pipeline();
    adding.hincrby(`${step}`, "processes", 1);
    for (const [app, { requests, failures, buckets }] of apps) {
      if (requests === 0) continue;
      adding.hincrby(`${step}`, `${app} requests`, requests);
      if (failures > 0) adding.hincrby(`${step}`, `${app} failures`, failures);
      for (const [i, count] of buckets.entries()) if (count > 0) adding.hincrby(`${step}`, `${app} ${i}`, count);
    }
    adding.expire(`${step}`, keptSeconds);
    adding.exec().catch(() => {}); // Reported by `onError`.
  });
  let known: { at: number; read: Promise<{ steps: Steps; processes: number }> } | undefined;
  const read = async () => {
    const last = stepOf(Date.now()) - 1;
    const asked = Array.from({ length: stepsShown }, (_, i) => `${last - stepsShown + 1 + i}`);
    const answers = await withDeadline(() => Promise.all(asked.map((step) => redis.hgetall(step))));
    const steps: Steps = new Map();
    let processes = 1;
    for (const [i, fields] of answers.entries()) {
      if (fields.processes === undefined) continue;
      processes = Number(fields.processes);
      steps.set(last - stepsShown + 1 + i, appsOf(fields));
    }
    return { steps, processes };
  };
  return {
    read() {
      if (known === undefined || performance.now() - known.at > cachedMs) {
        known = { at: performance.now(), read: read().catch(() => ({ steps: own.steps(), processes: 1 })) };
      }
      return known.read;
    },
    async [Symbol.asyncDispose]() {
      own.close();
      redis.disconnect();
    },
  };
}

function appsOf(fields: Record<string, string>): Map<string, Step> {
  const apps = new Map<string, Step>();
  for (const [field, value] of Object.entries(fields)) {
    const [app, name] = field.split(" ");
    if (app === undefined || name === undefined) continue;
    let step = apps.get(app);
    if (step === undefined) {
      step = { requests: 0, failures: 0, buckets: Array.from({ length: latencyBounds.length + 1 }, () => 0) };
      apps.set(app, step);
    }
    if (name === "requests" || name === "failures") step[name] = Number(value);
    else step.buckets[Number(name)] = Number(value);
  }
  return apps;
}
