import { requestToken } from "@quintet/auth";
import { requireStores } from "@quintet/db";
import { listenerOf, loggers, openObservation, pipeline, serve, serveMetrics, trustedProxies } from "@quintet/http";
import { allApps, unroutedProblemPage } from "@quintet/pages";
import type { ProcessContext, Program } from "@quintet/workers";
import { withCompression } from "./compression/with-compression.ts";
import { withUntrustedProxyWarning } from "./forwarding/untrusted-proxy.ts";
import { gatewayName } from "./forwarding/via.ts";
import { createHome } from "./home/home.ts";
import { ownTraffic, shareTraffic } from "./home/shared-traffic.ts";
import { redirectToHttps, withStrictTransport } from "./https.ts";
import { admission } from "./limits/admission.ts";
import { openRateLimit } from "./limits/rate-limit.ts";
import { mountedUpstream } from "./mounted.ts";
import { defaultPort, plan } from "./plan.ts";
import { remoteUpstream } from "./remote/remote-upstream.ts";
import { route } from "./routing/route.ts";
import type { Upstream } from "./routing/upstream.ts";

export interface Gateway extends Program {
  /** Resolves when the demo data was created, or has failed (which is logged); never rejects. */
  demo: Promise<void>;
}

/**
 * Runs the gateway: the issuer and every app without a `…_URL` in this process, the others behind HTTP.
 * All settings are checked before anything is opened.
 */
export async function run(
  { env: environment, first, fresh, socket, peers, ticketKeys }: ProcessContext,
  hooks: { progress?: (line: string) => void } = {},
): Promise<Gateway> {
  const { config, accounts, apps, stores } = await plan(environment);
  const { TLS_CERT: cert, TLS_KEY: key } = config;
  const tls = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  const trusted = trustedProxies(config.TRUSTED_PROXIES);
  const logOf = loggers({ level: config.LOG_LEVEL, file: config.LOG_FILE });
  const log = logOf("gateway");
  if (fresh) await requireStores(stores);
  const stopping = new AbortController();
  const stack = new AsyncDisposableStack();
  try {
    stack.use(await openObservation(config, log));
    const auth = stack.use(await accounts.auth.open(log, first));
    const fills: ((progress: (line: string) => void) => Promise<void>)[] = [];
    const upstreams: Upstream[] = [];
    const addRemote = (name: string, prefix: string, origins: string[]) => {
      const options = { log, trusted, via: gatewayName(peers !== undefined), stopping: stopping.signal };
      const upstream = remoteUpstream(name, prefix, origins, options);
      stack.defer(() => upstream.close());
      upstreams.push(upstream);
    };
    for (const prefix of ["/auth", "/.well-known"]) {
      if (auth.app) upstreams.push(mountedUpstream("auth", prefix, auth.app, trusted, allApps));
      else addRemote("auth", prefix, accounts.origins);
    }
    for (const { name, origins, own } of apps) {
      if (own === undefined) {
        addRemote(name, `/${name}`, origins);
      } else {
        const shared = { log: logOf(name), auth: auth.auth, stopping: stopping.signal };
        const running = stack.use(await own.open(shared, first));
        fills.push(running.fillDemo);
        upstreams.push(mountedUpstream(name, `/${name}`, running.app, trusted, allApps));
      }
    }
    stack.use(await serveMetrics(config, log, { socket, peers }));
    const cacheUrl = config.CACHE_REDIS_URL ?? config.REDIS_URL;
    const traffic = stack.use(
      cacheUrl
        ? shareTraffic(cacheUrl, config.REDIS_PREFIX, (error) => log.debug({ err: error }, "Redis connection error"))
        : ownTraffic(),
    );
    const corsOrigins = config.CORS_ORIGINS;
    const home = createHome(upstreams, {
      log,
      corsOrigins,
      auth: auth.auth,
      traffic,
      publicFigures: config.PUBLIC_FIGURES,
      peers,
    });
    const rate = config.RATE_LIMIT_PER_MINUTE
      ? openRateLimit({
          perMinute: config.RATE_LIMIT_PER_MINUTE,
          redisUrl: cacheUrl,
          prefix: config.REDIS_PREFIX,
          onError: (error) =>
            log.warn({ err: error }, "Redis unavailable; rate limits are counted in this process only"),
        })
      : undefined;
    stack.defer(() => rate?.close());
    const admitting = stack.use(
      admission({
        log,
        maxInFlight: config.MAX_REQUESTS_AT_ONCE,
        maxWaiting: config.MAX_WAITING_AT_ONCE,
        maxShare: config.MAX_SHARE_PERCENT / 100,
        rate,
        trusted,
        accountOf(request) {
          const token = requestToken(auth.auth.site, request);
          return token ? auth.auth.verifyToken(token).then((account) => account && `account ${account.id}`) : undefined;
        },
      }),
    );
    // Everything that a request passes in the gateway, in order; in front of it are the steps of `serve`.
    const listener = pipeline(
      [
        // Strict-Transport-Security, over TLS.
        tls && ((next) => withStrictTransport(next, config.PUBLIC_URL)),
        // One warning in the log when a proxy sends X-Forwarded-For and is not trusted.
        (next) => withUntrustedProxyWarning(next, trusted, log),
        // 429 and 503: the rate, and the limits of requests in flight and waiting.
        (next) => admitting.requests(next),
        // Compresses the response, where the client accepts it and it pays.
        withCompression,
      ],
      // The app whose prefix the path has, mounted or remote; the gateway's own routes for the rest.
      route(upstreams, listenerOf(home, allApps)),
    );
    const at = { host: config.HOST, log, drainSeconds: config.DRAIN_SECONDS, socket };
    const listening = await serve(listener, {
      ...at,
      port: config.PORT ?? defaultPort,
      edge: true,
      corsOrigins,
      problemPage: unroutedProblemPage("/", allApps),
      tls,
      ticketKeys,
    });
    stack.defer(() => listening.close());
    if (config.REDIRECT_PORT !== undefined) {
      const redirecting = await serve(redirectToHttps(config.PUBLIC_URL), {
        ...at,
        port: config.REDIRECT_PORT,
        setting: "REDIRECT_PORT",
      });
      stack.defer(() => redirecting.close());
    }

    const progress = hooks.progress ?? ((line: string) => log.info(line));
    const fillDemo = async () => {
      for (const fill of fills) {
        if (stopping.signal.aborted) return;
        await fill(progress).catch((error: unknown) => {
          // A fill that is interrupted by a stop starts over at the next start.
          if (stopping.signal.aborted) return;
          log.error({ err: error }, "Demo data could not be created");
          progress("Some demo data could not be created; see the log.");
        });
      }
    };
    const demo = config.DEMO_DATA && first ? fillDemo() : Promise.resolve();
    return {
      url: `${tls ? "https" : "http"}://localhost:${listening.port}`,
      log,
      demo,
      async close() {
        stopping.abort();
        await stack.disposeAsync();
        await demo;
      },
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
