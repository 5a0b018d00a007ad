import type { Server } from "node:http";
import { constants, type Http2Session } from "node:http2";
import { pathOf } from "../path-of.ts";
import { Places } from "../places.ts";
import { Problem } from "../problem.ts";
import { sendProblem } from "../raw-problem.ts";
import { recordOf } from "../request-record.ts";
import { fewestBytes, type SlowLimits } from "../slow-clients.ts";
import { Http2Request, type Http2Response } from "./http2-messages.ts";

interface Seen {
  response: Http2Response;
  request: Http2Request;
  bytesCame: number;
  since: number;
  timed: boolean;
}

const idleMs = 65_000;

/**
 * Gives up on streams that trickle a body or whose answer is not read, and on connections that have no stream for a minute. Returns
 * how to stop.
 */
export function dropSlowStreams(server: Server, sessions: ReadonlySet<Http2Session>, limits: SlowLimits): () => void {
  const open = new Places<Seen>();
  const lastUsed = new WeakMap<Http2Session, number>();
  server.prependListener("request", (message, answer) => {
    if (!((message as unknown) instanceof Http2Request)) return;
    const [request, response] = [message, answer] as unknown as [Http2Request, Http2Response];
    const place = open.take({ response, request, bytesCame: 0, since: performance.now(), timed: false });
    response.once("close", () => open.leave(place));
  });
  const sweep = () => {
    const now = performance.now();
    for (const seen of open) {
      const { request, response } = seen;
      const { stream } = response;
      if (stream.session) lastUsed.set(stream.session, now);
      const stuck = stream.writableLength > 0;
      // Node's own timer of the stream knows how far a large write has got.
      if (stuck !== seen.timed) {
        seen.timed = stuck;
        stream.setTimeout(stuck ? limits.readMs : 0);
        if (stuck) stream.once("timeout", () => seen.timed && stream.close(constants.NGHTTP2_CANCEL));
      }
      const waits = !request.complete && request.readableLength === 0 && !request.isPaused();
      const asks = request.headers.expect !== undefined;
      if (!waits || asks || request.bytesCame - seen.bytesCame >= fewestBytes) {
        seen.bytesCame = request.bytesCame;
        seen.since = now;
      } else if (now - seen.since > limits.bodyMs) {
        seen.since = now;
        const problem = new Problem("request-timeout", "The body of the request took too long.");
        sendProblem(response as never, problem, pathOf(request.url), recordOf(request as never).id);
      }
    }
    for (const session of sessions) {
      const since = lastUsed.get(session) ?? now;
      lastUsed.set(session, since);
      if (now - since > idleMs) session.close();
      // One that reads nothing at all cannot be told either.
      if (session.closed && now - since > 2 * idleMs) session.destroy();
    }
  };
  const timer = setInterval(sweep, Math.max(20, Math.min(limits.bodyMs, limits.readMs) / 10));
  timer.unref();
  return () => clearInterval(timer);
}
