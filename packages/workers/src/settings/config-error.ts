/** The program cannot start; the message says why in one line. Retrying does not help. */
export class StartRefused extends Error {
  override name = "StartRefused";
}

/**
 * The settings are wrong. The message is one line that names every bad variable, and never its value, which may be a secret. `faults` lists
 * them one by one.
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
