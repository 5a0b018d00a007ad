import type { Sql } from "postgres";
import { withComment } from "./sql-comment.ts";
import { StorePool } from "./store-metrics.ts";
import { describeStatement, endStoreSpan, type StoreAddress, statementSpan } from "./store-span.ts";

/** What this module knows of the driver's query: it is sent by `handler`, once, and settled by `resolve` or `reject`. */
interface Query {
  strings: string[];
  options: { prepare?: boolean; simple?: boolean };
  handler: (query: Query) => void;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  /** What was put together out of it when it was sent. */
  statement: { string: string } | null;
}

type Work = (...given: unknown[]) => unknown;

/** How many statements the driver, which queues and pipelines them by itself, has under way; it keeps `most` connections for them. */
export class PostgresPool extends StorePool {
  underWay = 0;
  closed = false;

  constructor(name: string, most: number) {
    super("postgres", name, () => {
      if (this.closed) return undefined;
      const inUse = Math.min(this.underWay, most);
      return { inUse, idle: most - inUse, waiting: this.underWay - inUse };
    });
  }
}

const scopes = new Set<PropertyKey>(["begin", "savepoint"]);

/**
 * The same client, whose statements carry their request's id and are seen in its trace. Whether what a tagged template
 * makes is a statement or a piece of one shows only when it is sent, so that is where this is done.
 */
export function observePostgres(sql: Sql, address: StoreAddress, told: PostgresPool | undefined): Sql {
  const observedWork = (work: Work): Work => {
    return (scoped, ...rest) => work(observePostgres(scoped as Sql, address, told), ...rest);
  };
  return new Proxy(sql, {
    apply: (target, self, given) => watched(Reflect.apply(target, self, given), address, told),
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name === "unsafe")
        return (...given: unknown[]) => watched(Reflect.apply(value, target, given), address, told);
      if (scopes.has(name)) {
        return (...given: unknown[]) =>
          Reflect.apply(
            value,
            target,
            given.map((part) => (typeof part === "function" ? observedWork(part as Work) : part)),
          );
      }
      if (name === "end" && told) {
        return (...given: unknown[]) => {
          told.closed = true;
          return Reflect.apply(value, target, given);
        };
      }
      if (name === "reserve")
        return async () => observePostgres((await target.reserve()) as unknown as Sql, address, told);
      return value;
    },
  });
}

function watched(made: unknown, address: StoreAddress, told: PostgresPool | undefined): unknown {
  if (made instanceof Promise && "handler" in made) watch(made as unknown as Query, address, told);
  return made;
}

function watch(query: Query, address: StoreAddress, told: PostgresPool | undefined): void {
  const { handler } = query;
  query.handler = (sent) => {
    const { strings } = sent;
    const span = statementSpan(strings.join("?"), "postgresql", address);
    if (told) told.underWay++;
    if (span || told) {
      const { resolve, reject } = sent;
      const end = (error?: unknown) => {
        if (told) {
          told.underWay--;
          told.settled(error);
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
        end(error);
        reject(error);
      };
    }
    const last = strings.at(-1) ?? "";
    const commented = withComment(last, sent.options.prepare !== false);
    if (commented !== last) {
      sent.strings = [...strings.slice(0, -1), commented];
      sent.options.prepare = false;
    }
    handler(sent);
  };
}
