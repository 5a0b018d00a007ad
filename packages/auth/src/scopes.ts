/** The scopes, each with what it allows. `all` is everything that the account itself may do. Every route names one. */
export const scopes = {
  all: "everything that the account may do",
  "account:read": "read the account's name and email",
  "account:manage": "change the password, end sessions, manage API clients",
  "accounts:manage": "find, deactivate and sign out other accounts (staff)",
  "metrics:read": "read the metrics of the processes (staff)",
  "properties:read": "search and read listings",
  "properties:like": "like listings, read the liked ones, and save searches",
  "properties:write": "create and change listings (staff)",
  "properties:sql": "run read-only SQL statements (staff)",
  "ingest:read": "read tables, reports and the history of loads",
  "ingest:write": "load, empty, back up and restore tables (staff)",
  "directory:read": "search and read the directory",
  "directory:write": "change the directory (staff)",
  "queue:read": "read queues, their settings and message counts",
  "queue:send": "send messages",
  "queue:receive": "receive, ack, nack and extend messages",
  "queue:manage": "create, change, purge and delete queues, redrive dead letters",
  "social:read": "read posts, people and feeds",
  "social:write": "post, comment, vote and follow",
  "social:moderate": "handle reports, remove posts and suspend people (staff)",
} as const;

export type Scope = keyof typeof scopes;

/** Every scope, in the order of `scopes`. */
export const scopeNames = Object.keys(scopes) as Scope[];

/** The scopes of a token. */
export type Scopes = ReadonlySet<Scope>;

/** The scope of a token that is not narrowed. */
export const fullScope = "all";

/** The scopes in a list separated by spaces (RFC 6749 section 3.3); unknown ones are dropped. */
export function readScopes(text: string): Scopes {
  return new Set(text.split(" ").filter(isScope));
}

/** Whether the granted scopes, which may contain `all`, allow `needed`. */
export function allows(granted: Scopes, needed: Scope): boolean {
  return granted.has(fullScope) || granted.has(needed);
}

/**
 * A list of scopes as it is granted: each once, in the order of `scopes`. `undefined` when one is unknown or exceeds `limit`,
 * which is everything by default.
 */
export function grantable(text: string, limit: Scopes = new Set([fullScope])): string | undefined {
  const requested = text.split(" ").filter((name) => name !== "");
  if (requested.length === 0 || !requested.every(isScope)) return undefined;
  if (!requested.every((name) => allows(limit, name))) return undefined;
  if (requested.includes(fullScope)) return fullScope;
  return scopeNames.filter((name) => requested.includes(name)).join(" ");
}

function isScope(name: string): name is Scope {
  return Object.hasOwn(scopes, name);
}
