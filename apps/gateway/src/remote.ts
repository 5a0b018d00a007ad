import type { IncomingMessage, ServerResponse } from "node:http";
import { type Logger, Problem, requestIdOf } from "@quintet/http";
import { type Dispatcher, Pool } from "undici";
import { requestHeaders, responseHeaders } from "./forwarding.ts";
import { sendProblem } from "./gateway-problem.ts";
import type { Upstream } from "./upstream.ts";

interface Target {
  origin: string;
  pool: Pool;
  underWay: number;
}

export interface RemoteOptions {
  log: Logger;
  /** How long an upstream may take until the head of its answer, in ms; long polls and loads count. */
  headersTimeoutMs?: number;
  connectTimeoutMs?: number;
}

/** Errors that say the request never left: another target may be asked without sending anything twice. */
const neverSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/**
 * An app behind HTTP. Bytes go straight between Node's sockets through undici's `dispatch`, with backpressure both ways;
 * the upstream request is aborted when the client goes. One request per connection at a time: with
 * pipelining, an aborted request would take its neighbours along.
 */
export function remoteUpstream(name: string, prefix: string, origins: string[], options: RemoteOptions): Upstream {
  const { log } = options;
  const targets: Target[] = origins.map((origin) => ({
    origin,
    underWay: 0,
    pool: new Pool(origin, {
      pipelining: 1,
      connections: 256,
      headersTimeout: options.headersTimeoutMs ?? 300_000,
      bodyTimeout: 0,
      connect: { timeout: options.connectTimeoutMs ?? 2000 },
    }),
  }));

  const leastLoaded = (tried: Set<Target>) =>
    targets.reduce<Target | undefined>(
      (best, target) => (tried.has(target) || (best && best.underWay <= target.underWay) ? best : target),
      undefined,
    );

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const requestId = requestIdOf(request.headers["x-request-id"] as string | undefined);
    const headers = requestHeaders(request, requestId);
    const withBody =
      request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
    const tried = new Set<Target>();
    const started = performance.now();

    function attempt(): void {
      const target = leastLoaded(tried);
      if (target === undefined) return;
      tried.add(target);
      target.underWay++;
      let done = false;
      const finish = () => {
        if (!done) target.underWay--;
        done = true;
      };
      let control: Dispatcher.DispatchController | undefined;
      const onClose = () => {
        if (!response.writableFinished) control?.abort(new Error("The client went away."));
      };
      const onDrain = () => control?.resume();
      response.once("close", onClose);
      response.on("drain", onDrain);

      target.pool.dispatch(
        {
          path: request.url ?? "/",
          method: (request.method ?? "GET") as Dispatcher.HttpMethod,
          headers,
          body: withBody ? request : null,
        },
        {
          onRequestStart(controller) {
            control = controller;
            if (response.destroyed) controller.abort(new Error("The client went away."));
          },
          onResponseStart(controller, status, _headers, statusText) {
            const raw = (controller.rawHeaders as Buffer[]).map((part) => part.toString("latin1"));
            response.writeHead(status, statusText, responseHeaders(raw));
          },
          onResponseData(controller, chunk) {
            if (!response.write(chunk)) controller.pause();
          },
          onResponseEnd(_controller, trailers) {
            finish();
            if (Object.keys(trailers).length > 0) response.addTrailers(trailers as Record<string, string>);
            response.end();
          },
          onResponseError(_controller, error) {
            finish();
            response.off("close", onClose);
            response.off("drain", onDrain);
            if (response.destroyed) return;
            const code = (error as NodeJS.ErrnoException).code ?? "";
            if (!withBody && neverSent.has(code) && tried.size < targets.length) return attempt();
            log.warn(
              { err: error, url: { path: pathOf(request) }, http: { request: { id: requestId } } },
              `${name} failed`,
            );
            sendProblem(response, upstreamProblem(name, code), pathOf(request), requestId);
          },
        },
      );
    }

    attempt();
    if (log.isLevelEnabled("info")) {
      response.once("close", () => {
        log.info({
          http: { request: { id: requestId, method: request.method }, response: { status_code: response.statusCode } },
          url: { path: pathOf(request) },
          event: { duration: Math.round((performance.now() - started) * 1e6) },
          labels: { upstream: name },
        });
      });
    }
  }

  return {
    name,
    prefix,
    handle,
    async get(path) {
      const target = leastLoaded(new Set()) as Target;
      const answer = await target.pool.request({ path, method: "GET", headersTimeout: 2000 });
      const type = answer.headers["content-type"];
      return new Response(await answer.body.text(), {
        status: answer.statusCode,
        headers: type ? { "content-type": String(type) } : {},
      });
    },
    async close() {
      await Promise.all(targets.map((target) => target.pool.destroy()));
    },
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] as string;
}

function upstreamProblem(name: string, code: string): Problem {
  if (code === "UND_ERR_HEADERS_TIMEOUT")
    return new Problem("gateway-timeout", `The ${name} app did not answer in time.`);
  if (neverSent.has(code)) {
    return new Problem("unavailable", `The ${name} app cannot be reached just now.`, {
      headers: { "Retry-After": "2" },
    });
  }
  return new Problem("bad-gateway", `The ${name} app broke off its answer.`);
}
