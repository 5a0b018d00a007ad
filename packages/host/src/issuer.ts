import type { Auth, AuthConfig } from "@quintet/auth";
import type { StoreUrls } from "@quintet/db";
import type { Logger, WebApp } from "@quintet/http";

/** The app that issues tokens, as its host uses it. Its routes are at `/auth` and below `/.well-known`. */
export interface Issuer {
  readonly name: string;
  /** Where it listens when it runs alone, unless `PORT` is set. */
  readonly port: number;
  /** Whether a path is one of its routes. */
  owns(path: string): boolean;
  /** Reads its settings; throws one `ConfigError` that names every invalid one. Opens nothing. */
  configure(env: NodeJS.ProcessEnv): ConfiguredIssuer;
}

/** An issuer whose settings are valid. */
export interface ConfiguredIssuer {
  config: AuthConfig & StoreUrls;
  /** When this is the `first` process, brings the tables up to date and creates the first staff account. */
  open(log: Logger, first: boolean): Promise<OpenedIssuer>;
}

/** An issuer in this process: what apps check tokens and passwords by, and its routes. */
export interface OpenedIssuer extends AsyncDisposable {
  auth: Auth;
  app: WebApp;
}
