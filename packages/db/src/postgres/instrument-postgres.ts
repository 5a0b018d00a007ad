import type { Sql } from "postgres";
import { onClientGone } from "../limits/client-gone.ts";
import { DeadlockRetries, retryOnDeadlock } from "../limits/retry-on-deadlock.ts";
import { type StatementLimits, timeoutOf } from "../limits/statement-limits.ts";
import { StatementTimeout, startTimer } from "../limits/statement-timer.ts";
import { withComment } from "../observability/sql-comment.ts";
import { PoolMetrics } from "../observability/store-metrics.ts";
import { describeStatement, endStoreSpan, type StoreAddress, statementSpan } from "../observability/store-span.ts";

/**
 * The parts of the driver's query that this module uses: it is sent by `handler`, once, and settled by `resolve` or
 * `reject`.
 */
interface Query {
  strings: string[];
  args: unknown[];
  options: { prepare?: boolean; simple?: boolean };
  /** The serialised parameters, once it was sent. */
  parameters: unknown[] | null;
  handler: (query: Query) => void;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  /** Cancels what the connection of the query is running, using another connection. */
  cancel(): Promise<void> | null;
  /** The connection it was sent on; null while it waits for one. */
  state: object | null;
  /** The statement text, once it was sent. */
  statement: { string: string } | null;
}

type Work = (...given: unknown[]) => unknown;

/** A client with its limits, and what its statements are reported to. */
export interface InstrumentedClient {
  address: StoreAddress;
  limits: StatementLimits;
  metrics: PostgresPoolMetrics | undefined;
  /** Whether its statements belong to a transaction, which is retried as a whole. */
  inTransaction?: boolean;
}

/** Counts the statements in flight; the driver queues and pipelines them on at most `max` connections. */
export class PostgresPoolMetrics extends PoolMetrics {
  inFlight = 0;
  closed = false;

  constructor(name: string, most: number) {
    super("postgres", name, () => {
      if (this.closed) return undefined;
      const inUse = Math.min(this.inFlight, most);
      return { inUse, idle: most - inUse, waiting: this.inFlight - inUse };
    });
  }
}

/**
 * Adds request ids, spans, metrics, time limits and retries to all statements of a client. A tagged template may be a
 * statement or a fragment of one, which is known only when it is sent; so this is done then.
 */
export function instrumentPostgres(sql: Sql, seen: InstrumentedClient): Sql {
  const scoped = (given: unknown[]): unknown[] =>
    given.map((part) =>
      typeof part === "function"
        ? (scope: Sql, ...rest: unknown[]) =>
            (part as Work)(instrumentPostgres(scope, { ...seen, inTransaction: true }), ...rest)
        : part,
    );
  return new Proxy(sql, {
    apply: (target, self, given) => instrumentResult(Reflect.apply(target, self, given), seen),
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const call = (given: unknown[]): unknown => Reflect.apply(value, target, given);
      if (name === "unsafe") return (...given: unknown[]) => instrumentResult(call(given), seen);
      if (name === "savepoint") return (...given: unknown[]) => call(scoped(given));
      if (name === "begin" && seen.limits.endsWithClient)
        throw new Error("A pool with endsWithClient only reads: it has no transactions.");
      if (name === "begin")
        return (...given: unknown[]) =>
          retryOnDeadlock(() => transaction(scoped(given), seen, (all) => call(all) as Promise<unknown>));
      if (name === "end" && seen.metrics) {
        return (...given: unknown[]) => {
          if (seen.metrics) seen.metrics.closed = true;
          return call(given);
        };
      }
      if (name === "reserve") throw new Error("The driver loses reserved connections: use a transaction.");
      return value;
    },
  });
}

/**
 * Runs a transaction whose `BEGIN` and `COMMIT`, which the driver sends, have the time limit of a statement as well.
 * One that timed out before it began does nothing when it gets a connection.
 */
function transaction(
  given: unknown[],
  { limits }: InstrumentedClient,
  begin: (given: unknown[]) => Promise<unknown>,
): Promise<unknown> {
  const ms = timeoutOf(limits);
  return new Promise((resolve, reject) => {
    let late = false;
    const wait = () =>
      startTimer(ms, () => {
        late = true;
        reject(new StatementTimeout(ms));
      });
    let done = wait();
    const timed = given.map((part) => {
      if (typeof part !== "function") return part;
      return async (...scope: unknown[]) => {
        done();
        if (late) throw new StatementTimeout(ms);
        try {
          return await awaitAll((part as Work)(...scope));
        } finally {
          done = wait();
        }
      };
    });
    begin(timed).then(
      (result) => {
        done();
        resolve(result);
      },
      (error) => {
        done();
        reject(error);
      },
    );
  });
}

/** Like the driver, takes an array of statements for all of their results. */
function awaitAll(result: unknown): unknown {
  return Array.isArray(result) ? Promise.all(result) : result;
}

function instrumentResult(made: unknown, seen: InstrumentedClient): unknown {
  if (made instanceof Promise && "handler" in made) instrumentQuery(made as unknown as Query, seen);
  return made;
}

function instrumentQuery(query: Query, { address, limits, metrics, inTransaction }: InstrumentedClient): void {
  const { handler } = query;
  query.handler = (sent) => {
    const { strings, resolve, reject } = sent;
    const span = statementSpan(strings.join("?"), "postgresql", address);
    if (metrics) metrics.inFlight++;
    const retries = new DeadlockRetries();
    let over = false;
    const end = (error?: unknown) => {
      if (over) return;
      over = true;
      timely();
      finished?.();
      if (metrics) {
        metrics.inFlight--;
        metrics.settled(error);
      }
      if (!span) return;
      if (sent.statement) describeStatement(span, sent.statement.string, "postgresql");
      endStoreSpan(span, error);
    };
    sent.resolve = (result) => {
      end();
      resolve(result);
    };
    sent.reject = (error) => {
      // A single statement is a transaction: after a deadlock it is sent again.
      const pause = over || inTransaction ? undefined : retries.pauseAfter(error);
      if (pause === undefined) {
        end(error);
        reject(error);
        return;
      }
      sent.state = null;
      sent.parameters = null;
      setTimeout(() => over || handler(sent), pause);
    };
    const giveUp = () => {
      if (sent.state === null) doNothing(sent);
      sent.reject(new StatementTimeout(timeoutOf(limits)));
    };
    const timely = startTimer(timeoutOf(limits), giveUp);
    const finished = limits.endsWithClient
      ? onClientGone(() => {
          if (sent.state === null) giveUp();
          else sent.cancel()?.catch(() => {});
        })
      : undefined;
    const last = strings.at(-1) ?? "";
    const commented = withComment(last, sent.options.prepare !== false);
    if (commented !== last) {
      sent.strings = [...strings.slice(0, -1), commented];
      sent.options.prepare = false;
    }
    handler(sent);
  };
}

/** Makes a statement whose caller has given up a no-op; the driver cannot remove it safely from its queue. */
function doNothing(sent: Query): void {
  sent.strings = ["SELECT 1"];
  sent.args = [];
}
