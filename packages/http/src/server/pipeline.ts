import type { RequestListener, Server } from "node:http";
import { withErrorCors } from "../errors/error-cors.ts";
import { type ProblemPage, withProblemPages } from "../errors/problem-pages.ts";
import type { Logger } from "../observability/logger.ts";
import { withGatewaySpan } from "../observability/request-spans.ts";
import { withAccessLog } from "./access-log.ts";
import { withBodyReclaim } from "./body-reclaim.ts";
import { rejectClientErrors } from "./client-errors.ts";
import { withLastResponse, withResetOnTruncation } from "./connection-end.ts";
import { limitConnections } from "./connection-limit.ts";
import { sendContinueOnRead } from "./expectation.ts";
import { serveHandshakes } from "./handshake.ts";
import { rejectAmbiguous } from "./reject-ambiguous.ts";
import type { SlowLimits } from "./slow-body.ts";
import { dropSlowClients } from "./slow-clients.ts";
import { dropSlowStreams } from "./tls/slow-streams.ts";
import { type TlsServer, withHeadLimit } from "./tls/tls-server.ts";

/** One step of a pipeline: it either responds to the request or passes it on to `next`. */
export type Step = (next: RequestListener) => RequestListener;

/** A listener that passes every request through the steps in their order, and then to `last`. A step that is not needed is left out. */
export function pipeline(steps: readonly (Step | false | undefined)[], last: RequestListener): RequestListener {
  return steps.reduceRight<RequestListener>((next, step) => (step ? step(next) : next), last);
}

interface PipelineOptions {
  log: Logger;
  /** The origins whose pages may read the errors of this pipeline. */
  corsOrigins: readonly string[];
  /** Renders the errors of this pipeline as pages for browsers. */
  problemPage: ProblemPage | undefined;
  /** Whether this is a gateway. */
  edge: boolean;
  slow: SlowLimits;
  /** What listens, when it speaks TLS. */
  tls: TlsServer | undefined;
  isDraining: () => boolean;
}

interface ConnectedPipeline {
  stopSweeping(): void;
  /** Cuts the connections that left HTTP (WebSocket), which Node no longer counts. */
  cutUpgraded(): void;
}

/** Everything that a request passes from the socket to `app`, in order. A step that stops a request responds with a problem. */
export function connectPipeline(server: Server, app: RequestListener, options: PipelineOptions): ConnectedPipeline {
  const { log, corsOrigins, problemPage, edge, slow, tls, isDraining } = options;

  // Each connection.

  // Closed at once when this process has no file descriptors left for it.
  limitConnections(server, log);
  // Dropped when its client trickles a body or does not read its response.
  const stopStreams = tls && dropSlowStreams(server, tls.sessions, slow);
  const stopClients = dropSlowClients(server, slow, log);

  // Each request head, by the event that Node's parser raises for it.

  // Not HTTP, too large or too slow; CONNECT.
  rejectClientErrors(server, log);
  // `Upgrade: websocket` at a gateway: from here on a request like all others.
  const cutUpgraded = serveHandshakes(server);
  // `Expect`: from here on a request like all others; the 100 is sent when its body is first read.
  for (const event of ["checkContinue", "checkExpectation"] as const) {
    server.on(event, (request, response) => {
      sendContinueOnRead(request, response);
      server.emit("request", request, response);
    });
  }

  // Each request.

  const steps: (Step | false | undefined)[] = [
    // While draining, and after an ignored `Upgrade`, this is the last response on its connection.
    withLastResponse(isDraining),
    // A response to HTTP/1.0 that is cut short must not look whole.
    withResetOnTruncation,
    // One log line and one count for each request, including those that a later step responds to.
    withAccessLog(log),
    // Pages of other origins may read the errors of the next steps; an app sets CORS headers by itself.
    withErrorCors(corsOrigins),
    // Browsers see the errors of the next steps as pages; an app has pages by itself.
    problemPage && withProblemPages(problemPage),
    // 431 for headers over 16 KiB; over HTTP/1.1 the parser rejects them.
    tls && withHeadLimit,
    // The trace starts, or continues from `traceparent`.
    edge && withGatewaySpan,
    // 400 for what two parsers could read in two ways, 414, 405, 417; also responds to `OPTIONS *` and trailing slashes.
    rejectAmbiguous,
    // The memory of a large body is freed as it is read.
    withBodyReclaim,
  ];
  server.on("request", pipeline(steps, app));

  return {
    stopSweeping() {
      stopStreams?.();
      stopClients();
    },
    cutUpgraded,
  };
}
