import { type IssuerConfig, openIssuer } from "@quintet/accounts";
import type { Auth } from "@quintet/auth";
import { createRemoteAuth, newsRedis, newsSilenceMs } from "@quintet/auth/issuer";
import { ConfigError, type Logger, trustedProxies, type WebApp } from "@quintet/http";

/** What a process has of the accounts: the way to ask, and the issuer's app when it is its own issuer. */
export interface OpenedAuth extends AsyncDisposable {
  auth: Auth;
  app?: WebApp;
}

/**
 * Opens the accounts as the settings say: with `AUTH_URL` those behind that URL, otherwise an issuer of this process's own,
 * whose tables are brought up to date and whose first staff account is made, unless another process is the `first` that does
 * so. Throws `ConfigError` naming what is missing.
 */
export async function openAuth(config: IssuerConfig, log: Logger, first = true): Promise<OpenedAuth> {
  if (config.AUTH_URL !== undefined) {
    const { AUTH_URL: url, PUBLIC_URL: issuer, REDIS_URL } = config;
    if (REDIS_URL === undefined) {
      throw new ConfigError(
        "REDIS_URL is missing: with AUTH_URL it is where this process hears which tokens are revoked",
      );
    }
    const auth = createRemoteAuth({
      url,
      issuer,
      secret: config.QUINTET_SECRET,
      proxies: trustedProxies(config.TRUSTED_PROXIES),
      log,
      hear: () => newsRedis(config, REDIS_URL, log, newsSilenceMs),
    });
    return { auth, [Symbol.asyncDispose]: () => auth[Symbol.asyncDispose]() };
  }
  return openIssuer(config, log, first);
}
