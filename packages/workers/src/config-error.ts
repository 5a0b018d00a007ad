/** A start that cannot go on, for a reason that the message says in one line; another attempt would change nothing. */
export class StartRefused extends Error {
  override name = "StartRefused";
}

/**
 * A start that cannot go on because of its settings: one line that names every bad one, by its variable, and never a value that may be
 * a secret. `faults` has them one by one.
 */
export class ConfigError extends StartRefused {
  override name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: string | readonly string[]) {
    const all = typeof faults === "string" ? [faults] : faults;
    super(`Bad settings: ${all.join("; ")}. See .env.example.`);
    this.faults = all;
  }
}
