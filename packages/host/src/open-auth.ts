import { type Auth, type AuthConfig, authSettings } from "@quintet/auth";
import { connectAuthRedis, createRemoteAuth, streamSilenceMs } from "@quintet/auth/issuer";
import type { StoreUrls } from "@quintet/db";
import { ConfigError, type Logger, readEnv, trustedProxies, type WebApp } from "@quintet/http";
import { z } from "zod";
import type { Issuer } from "./issuer.ts";

/** The accounts as a process has them: the way to check tokens and passwords, and the issuer's routes when it runs here. */
export interface OpenedAuth extends AsyncDisposable {
  auth: Auth;
  app?: WebApp;
  /** Whether a path belongs to `app`. */
  owns(path: string): boolean;
}

/** The accounts, whose settings are valid. */
export interface ConfiguredAuth {
  config: AuthConfig & StoreUrls;
  open(log: Logger, first: boolean): Promise<OpenedAuth>;
}

/**
 * Reads where the accounts are: behind `AUTH_URL`, or, without it, in an issuer of this process's own, which `loadIssuer`
 * then loads. Throws one `ConfigError` that names every invalid setting. Opens nothing.
 */
export async function configureAuth(
  env: NodeJS.ProcessEnv,
  loadIssuer: () => Issuer | Promise<Issuer>,
): Promise<ConfiguredAuth> {
  if (env.AUTH_URL || env.AUTH_URL_FILE) return configureRemote(env);
  const issuer = await loadIssuer();
  const { config, open } = issuer.configure(env);
  return { config, open: async (log, first) => Object.assign(await open(log, first), { owns: issuer.owns }) };
}

function configureRemote(env: NodeJS.ProcessEnv): ConfiguredAuth {
  const config = readEnv(z.object(authSettings), env);
  const { AUTH_URL: url = "", PUBLIC_URL: issuer, REDIS_URL } = config;
  if (REDIS_URL === undefined) {
    throw new ConfigError("REDIS_URL is missing: with AUTH_URL revoked tokens are announced there");
  }
  return {
    config,
    async open(log) {
      const auth = createRemoteAuth({
        url,
        issuer,
        secret: config.QUINTET_SECRET,
        proxies: trustedProxies(config.TRUSTED_PROXIES),
        log,
        connect: () => connectAuthRedis(config, REDIS_URL, log, streamSilenceMs),
      });
      return { auth, owns: () => false, [Symbol.asyncDispose]: () => auth[Symbol.asyncDispose]() };
    },
  };
}

/** `configureAuth` and `open` in one, for a process that has no other settings. */
export async function openAuth(
  env: NodeJS.ProcessEnv,
  issuer: Issuer,
  log: Logger,
  { first = true }: { first?: boolean } = {},
): Promise<OpenedAuth> {
  const { open } = await configureAuth(env, () => issuer);
  return open(log, first);
}
