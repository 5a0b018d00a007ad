import { Counter, Histogram } from "prom-client";
import type { RequestEnd } from "../request-line.ts";
import { gauge, registry } from "./registry.ts";

/** Upper bounds of the latency buckets, in seconds. */
export const latencyBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** What was counted of the requests to one route with one class of status. */
interface Tally {
  labels: { app: string; method: string; route: string; status: string };
  count: number;
  seconds: number;
  /** One for each bound, not added up; the last is for what took longer. */
  buckets: number[];
  bytesIn: number;
  bytesOut: number;
}

/**
 * By app, route, method and class of status. Kept as plain numbers, because this is done for every request: a counter and a
 * histogram of prom-client would take about 2 µs together.
 */
const tallies = new Map<string, Map<string, Map<string, (Tally | undefined)[]>>>();
const classes = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
let inProgress = 0;

/** Counts a request that has arrived. */
export function requestStarted(): void {
  inProgress++;
}

/** Counts a request that has ended. `route` is a pattern, of which there are few. */
export function requestEnded(app: string, route: string, method: string, end: RequestEnd): void {
  inProgress--;
  const tally = tallyOf(app, route, methods.has(method) ? method : "other", Math.floor(end.status / 100));
  tally.count++;
  const seconds = end.ms / 1000;
  tally.seconds += seconds;
  let bucket = 0;
  while (seconds > (latencyBounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
  (tally.buckets[bucket] as number)++;
  tally.bytesIn += end.bytesIn;
  tally.bytesOut += end.bytesOut;
}

function tallyOf(app: string, route: string, method: string, statusClass: number): Tally {
  const byRoute = tallies.get(app) ?? added(tallies, app, new Map());
  const byMethod = byRoute.get(route) ?? added(byRoute, route, new Map());
  const byClass = byMethod.get(method) ?? added(byMethod, method, []);
  byClass[statusClass] ??= {
    labels: { app, method, route, status: classes[statusClass] ?? "none" },
    count: 0,
    seconds: 0,
    buckets: Array.from({ length: latencyBounds.length + 1 }, () => 0),
    bytesIn: 0,
    bytesOut: 0,
  };
  return byClass[statusClass];
}

function added<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}

function* allTallies(): Generator<Tally> {
  for (const byRoute of tallies.values()) {
    for (const byMethod of byRoute.values()) {
      for (const byClass of byMethod.values()) for (const tally of byClass) if (tally) yield tally;
    }
  }
}

const labelNames = ["app", "method", "route", "status"] as const;

function tallied(name: string, help: string, value: (tally: Tally) => number): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const tally of allTallies()) this.inc(tally.labels, value(tally));
    },
  });
}

tallied("quintet_http_requests_total", "Requests completed.", (tally) => tally.count);
tallied("quintet_http_request_bytes_total", "Bytes received in requests, headers included.", (tally) => tally.bytesIn);
tallied("quintet_http_response_bytes_total", "Bytes sent in responses, headers included.", (tally) => tally.bytesOut);
gauge("quintet_http_requests_in_progress", "Requests in flight.", [], (made) => made.set(inProgress));

/**
 * The latency of requests, out of the tallies. `getForPromString` is where prom-client's own histogram makes its values, both
 * for printing and for `get`; there is no public way to set the buckets of one.
 */
class Latency extends Histogram<(typeof labelNames)[number]> {
  async getForPromString() {
    const values = [...allTallies()].flatMap(latencyValues);
    return { name: latencyName, help: latencyHelp, type: "histogram", aggregator: "sum", values };
  }
}

function latencyValues({ labels, count, seconds, buckets }: Tally) {
  const value = (metricName: string, own: { le?: number | string }, number: number) => {
    return { metricName: `${latencyName}_${metricName}`, labels: own, sharedLabels: labels, value: number };
  };
  let upTo = 0;
  const upToBound = latencyBounds.map((le, i) => {
    upTo += buckets[i] ?? 0;
    return value("bucket", { le }, upTo);
  });
  const all = value("bucket", { le: "+Inf" }, count);
  return [...upToBound, all, value("sum", {}, seconds), value("count", {}, count)];
}

const latencyHelp = "Seconds from the arrival of a request to the last byte of its response.";
const latencyName = "quintet_http_request_duration_seconds";
new Latency({
  name: latencyName,
  help: latencyHelp,
  labelNames,
  buckets: [...latencyBounds],
  registers: [registry],
});

/** What was counted of one app's requests since the process began. */
export interface RequestTotals {
  requests: number;
  /** Responses with a 5xx status. */
  failures: number;
  seconds: number;
  /** How many took up to each of `latencyBounds`, not added up; the last is for what took longer. */
  buckets: number[];
}

/** The totals of each app of this process; of an app behind a gateway, as the gateway saw it, under the first part of its route. */
export function requestTotals(): Map<string, RequestTotals> {
  const totals = new Map<string, RequestTotals>();
  for (const tally of allTallies()) {
    const app =
      tally.labels.app === "gateway" ? (remoteRoute.exec(tally.labels.route)?.[1] ?? "gateway") : tally.labels.app;
    const sum =
      totals.get(app) ??
      added(totals, app, { requests: 0, failures: 0, seconds: 0, buckets: tally.buckets.map(() => 0) });
    sum.requests += tally.count;
    if (tally.labels.status === "5xx") sum.failures += tally.count;
    sum.seconds += tally.seconds;
    for (const [i, count] of tally.buckets.entries()) sum.buckets[i] = (sum.buckets[i] ?? 0) + count;
  }
  return totals;
}

const remoteRoute = /^\/([\w-]+)\/\*$/;
