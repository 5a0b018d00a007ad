/**
 * What a token can be narrowed to, and what each scope is for. `all` is everything that the account itself may do.
 * Every route names the one that it needs.
 */
export const scopes = {
  all: "everything that the account may do",
  "account:read": "see the account's name and email",
  "account:manage": "change the password, end sign-ins, manage API clients",
  "accounts:manage": "find, deactivate and sign out other accounts (staff)",
  "metrics:read": "see the metrics of the processes (staff)",
  "properties:read": "search and read listings",
  "properties:like": "like listings and see the liked ones",
  "properties:write": "add and change listings (staff)",
  "properties:sql": "run statements that only read (staff)",
  "ingest:read": "read tables, reports and the history of loads",
  "ingest:write": "load, empty, back up and restore tables (staff)",
  "directory:read": "search and read the directory",
  "directory:write": "change the directory (staff)",
  "queue:read": "see queues, their settings and how many messages wait",
  "queue:send": "send messages",
  "queue:receive": "receive, ack, nack and extend messages",
  "queue:manage": "make, change, purge and delete queues, redrive dead letters",
  "social:read": "read posts, people and feeds",
  "social:write": "post, comment, vote and follow",
} as const;

export type Scope = keyof typeof scopes;

/** Every scope, in the order in which they are listed. */
export const scopeNames = Object.keys(scopes) as Scope[];

/** What a token allows. */
export type Scopes = ReadonlySet<Scope>;

/** The scope of a token that is not narrowed. */
export const fullScope = "all";

/** The scopes in a space-separated list (RFC 6749 section 3.3); those that are not known allow nothing. */
export function readScopes(text: string): Scopes {
  return new Set(text.split(" ").filter(isScope));
}

/** Whether the list, which may hold `all`, allows what `needed` names. */
export function allows(granted: Scopes, needed: Scope): boolean {
  return granted.has(fullScope) || granted.has(needed);
}

/**
 * A list as it is granted: each scope once, in the order of the list above; `undefined` when one is not known or goes
 * beyond `most`, which is everything unless told.
 */
export function grantable(text: string, most: Scopes = new Set([fullScope])): string | undefined {
  const asked = text.split(" ").filter((name) => name !== "");
  if (asked.length === 0 || !asked.every(isScope)) return undefined;
  if (!asked.every((name) => allows(most, name))) return undefined;
  if (asked.includes(fullScope)) return fullScope;
  return scopeNames.filter((name) => asked.includes(name)).join(" ");
}

function isScope(name: string): name is Scope {
  return Object.hasOwn(scopes, name);
}
