import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { track, untrack } from "../observability/in-flight.ts";
import type { Logger } from "../observability/logger.ts";
import { requestEnded, requestStarted } from "../observability/metrics/request-metrics.ts";
import { requestLine } from "../observability/request-line.ts";
import { recordOf } from "../observability/request-record.ts";
import { endSpans } from "../observability/request-spans.ts";
import { Http2Request, Http2Response } from "./http2-messages.ts";

/** The status in logs and metrics of a request whose client disconnected before there was a response, as in nginx. */
const clientWent = 499;

const counted = Symbol("counted");

/** A connection, with the bytes it had carried at the end of its previous request. */
type CountedSocket = Socket & { [counted]?: { read: number; written: number } };

/** Writes one log line for each request and counts it once, whichever code responds and however the request ends. */
export function withAccessLog(log: Logger): (next: RequestListener) => RequestListener {
  return (next) => (request, response) => {
    logOnClose(request, response, log);
    next(request, response);
  };
}

/** Logs and counts a request when it has ended. Its line goes to the logger of the app that handled it, otherwise to `log`. */
export function logOnClose(request: IncomingMessage, response: ServerResponse, log: Logger): void {
  const record = recordOf(request);
  requestStarted();
  const place = track(record, request, response);
  response.on("close", () => {
    untrack(place);
    const ms = performance.now() - record.since;
    const aborted = !response.writableFinished;
    if (aborted) record.clientGone();
    // A status that was set although no head was sent is that of a response written to the socket directly.
    const unanswered = aborted && !response.headersSent && response.statusCode === 200;
    const status = unanswered ? clientWent : response.statusCode;
    const end = { status, ms, ...bytesOf(request, response), aborted };
    requestEnded(record.app, record.route, request.method ?? "", end);
    if (record.span) endSpans(record, request.method ?? "", end);
    const to = record.log ?? log;
    if (to.isLevelEnabled("info")) to.line(requestLine(request, record, end));
  });
}

/** The bytes of a request and its response: of an HTTP/1.1 connection since its previous request, or of an HTTP/2 stream. */
function bytesOf(request: unknown, response: unknown): { bytesIn: number; bytesOut: number } {
  if (request instanceof Http2Request && response instanceof Http2Response) {
    return { bytesIn: request.headBytes + request.bytesReceived, bytesOut: response.bytesSent };
  }
  const { socket } = request as IncomingMessage as { socket: CountedSocket };
  const before = socket[counted];
  const now = { read: socket.bytesRead ?? 0, written: socket.bytesWritten ?? 0 };
  socket[counted] = now;
  return { bytesIn: now.read - (before?.read ?? 0), bytesOut: now.written - (before?.written ?? 0) };
}

/** Logs and counts bytes that never became a request, with the status of the response. */
export function logMalformedRequest(log: Logger, requestId: string, status: number): void {
  requestStarted();
  requestEnded("gateway", "none", "", { status, ms: 0, bytesIn: 0, bytesOut: 0, aborted: false });
  log.line(
    `"http":{"request":{"id":"${requestId}"},"response":{"status_code":${status}}},"labels":{"route":"none"},"message":"malformed request rejected"`,
  );
}
