import type { Server } from "node:http";
import { constants, type Http2Session, type ServerHttp2Stream } from "node:http2";
import { sendProblem } from "../../errors/raw-problem.ts";
import { pathOf } from "../../observability/path-of.ts";
import { recordOf } from "../../observability/request-record.ts";
import { SlotMap } from "../../observability/slot-map.ts";
import { expectsContinue } from "../expectation.ts";
import { Http2Request, type Http2Response } from "../http2-messages.ts";
import { BodyClock, type SlowLimits, sweeping } from "../slow-body.ts";
import { bodyTimeout } from "../slow-clients.ts";

interface Seen {
  response: Http2Response;
  request: Http2Request;
  clock: BodyClock;
  timed: boolean;
}

const idleMs = 65_000;

/**
 * Closes streams that trickle a body or whose response is not read, and connections that have had no stream for a minute. Returns a
 * function that stops the checks.
 */
export function dropSlowStreams(server: Server, sessions: ReadonlySet<Http2Session>, limits: SlowLimits): () => void {
  const open = new SlotMap<Seen>();
  const lastUsed = new WeakMap<Http2Session, number>();
  server.prependListener("request", (message, answer) => {
    if (!((message as unknown) instanceof Http2Request)) return;
    const [request, response] = [message, answer] as unknown as [Http2Request, Http2Response];
    const place = open.add({ response, request, clock: new BodyClock(), timed: false });
    response.once("close", () => open.remove(place));
  });
  return sweeping(limits, (ms) => {
    const now = performance.now();
    for (const seen of open) {
      const { request, response, clock } = seen;
      const { stream } = response;
      if (stream.session) lastUsed.set(stream.session, now);
      const stuck = stream.writableLength > 0;
      // Node's own timer of the stream knows how far a large write has got.
      if (stuck !== seen.timed) {
        seen.timed = stuck;
        stream.setTimeout(stuck ? limits.readMs : 0);
        if (stuck) stream.once("timeout", () => seen.timed && stream.close(constants.NGHTTP2_CANCEL));
      }
      if (!isAwaited(request, stream)) {
        clock.restart(request.bytesReceived);
      } else if (clock.isLate(request.bytesReceived, ms, limits.bodyMs)) {
        clock.restart(request.bytesReceived);
        if (response.headersSent) stream.close(constants.NGHTTP2_CANCEL);
        else {
          const { id, problemMembers = {} } = recordOf(request as never);
          sendProblem(response as never, bodyTimeout().with(problemMembers), pathOf(request.url), id);
        }
      }
    }
    for (const session of sessions) {
      const since = lastUsed.get(session) ?? now;
      lastUsed.set(session, since);
      if (now - since > idleMs) session.close();
      // A client that reads nothing does not see the GOAWAY either.
      if (session.closed && now - since > 2 * idleMs) session.destroy();
    }
  });
}

/** As over HTTP/1.1: whether the client could send more of the body, with nothing received that is still unread. */
function isAwaited(request: Http2Request, stream: ServerHttp2Stream): boolean {
  if (stream.endAfterHeaders || request.complete) return false;
  if (request.readableLength > 0 || stream.readableLength > 0) return false;
  // The body is complete, though its end may not have been read yet.
  if (stream.state.remoteClose === 1) return false;
  return (
    !expectsContinue(request as never) ||
    stream.headersSent ||
    (stream.sentInfoHeaders ?? []).some((head) => head[":status"] === 100)
  );
}
