/** Where Redis is: one server, a cluster, or a master that Sentinels name. */
export interface RedisAddress {
  kind: "standalone" | "cluster" | "sentinel";
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
  /** The server, some nodes of the cluster, or the Sentinels. */
  nodes: { host: string; port: number }[];
  /** The number of the database; a cluster has only 0. */
  database: number;
  /** The Sentinels' name of the master; "" otherwise. */
  masterName: string;
  sentinelUsername: string | undefined;
  sentinelPassword: string | undefined;
}

const standardPorts = { standalone: 6379, cluster: 6379, sentinel: 26379 };
const form = /^redis(s?)(?:\+(cluster|sentinel))?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(\?[^#]*)?$/;
const sentinelParameters = new Set(["sentinelUsername", "sentinelPassword"]);

/**
 * Reads `redis://[user:password@]host:port/database`, `redis+cluster://[user:password@]host:port,host:port` or
 * `redis+sentinel://[user:password@]host:port,host:port/name[/database][?sentinelUsername=&sentinelPassword=]`; with `rediss` all
 * connections use TLS. User, password and name may be percent-encoded. Returns the fault of any other text, without its content, which
 * may be a secret.
 */
export function readRedisUrl(text: string): RedisAddress | string {
  const [, secure, topology, credentials = "", hosts = "", path = "", query = ""] = form.exec(text) ?? [];
  if (secure === undefined) {
    return /^rediss?\+(?:cluster|sentinel):/.test(text)
      ? "must have the form redis+cluster://user:password@host:port,host:port or redis+sentinel://user:password@host:port,host:port/name"
      : "must be a redis:// or rediss:// URL";
  }
  const kind = (topology ?? "standalone") as RedisAddress["kind"];
  if (kind === "standalone") {
    // The driver also accepts other parameters of such a URL, and reads the whole of it itself.
    if (!URL.canParse(text) || new URL(text).hostname === "") return "must be a redis:// or rediss:// URL";
    if (!/^\/?\d*$/.test(path)) return "must name a database by its number, if any, as in redis://host:6379/0";
  }
  const nodes = hosts.split(",").map((host) => readNode(host, standardPorts[kind]));
  if (nodes.some((node) => node === undefined)) return "must name hosts as host:port, separated by commas";
  const [, first = "", second = "", ...more] = path.split("/");
  if (kind === "cluster" && !/^\/?0?$/.test(path)) return "must not name a database: a cluster has only one";
  if (kind === "sentinel" && first === "") {
    return "must name the master after the Sentinels, as in redis+sentinel://host:26379,host:26379/mymaster";
  }
  if (kind === "sentinel" && (!/^\d*$/.test(second) || more.length > 0)) {
    return "must name a database by its number, if any, as in redis+sentinel://host:26379/mymaster/0";
  }
  const parameters = new URLSearchParams(query);
  const unknown =
    kind === "standalone" ? undefined : [...parameters.keys()].find((name) => !sentinelParameters.has(name));
  if (unknown !== undefined || (kind === "cluster" && parameters.size > 0)) {
    return "has an unknown parameter: redis+sentinel:// has sentinelUsername and sentinelPassword, and redis+cluster:// has none";
  }
  const colon = credentials.indexOf(":");
  try {
    const username = decodeURIComponent(colon < 0 ? credentials : credentials.slice(0, colon));
    const password = colon < 0 ? "" : decodeURIComponent(credentials.slice(colon + 1));
    return {
      kind,
      tls: secure === "s",
      username: username || undefined,
      password: password || undefined,
      nodes: nodes as RedisAddress["nodes"],
      database: Number(kind === "sentinel" ? second : first),
      masterName: kind === "sentinel" ? decodeURIComponent(first) : "",
      sentinelUsername: parameters.get("sentinelUsername") || undefined,
      sentinelPassword: parameters.get("sentinelPassword") || undefined,
    };
  } catch {
    return "has a % that begins no percent-encoded byte: a % of a password is written %25";
  }
}

/** The address in a URL that the settings have validated. */
export function redisAddress(url: string): RedisAddress {
  const read = readRedisUrl(url);
  if (typeof read === "string") throw new Error(`The URL of Redis ${read}`);
  return read;
}

function readNode(text: string, standardPort: number): { host: string; port: number } | undefined {
  const [, ipv6, name, port] = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s,]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = ipv6 ?? name;
  const number = Number(port ?? standardPort);
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number };
}
