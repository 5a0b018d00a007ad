import type { IncomingMessage, RequestListener } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** After so many bytes of bodies their memory is asked back. */
const every = 4 * 1024 * 1024;
/** Smaller bodies are given back with all else that a request leaves behind. */
const large = 64 * 1024;

let came = 0;
let collectYoung: (() => void) | undefined;

/**
 * Counts a piece of a request's body. Each piece is memory of its own outside V8's heap, which by itself collects such only when
 * there are 64 MB of it: a large upload would make the process larger by that, and each piece a page fault. A collection of the
 * young objects gives back what was read and passed on; it takes a millisecond or less.
 */
function bodyCame(bytes: number): void {
  came += bytes;
  if (came < every) return;
  came = 0;
  collectYoung ??= collector();
  collectYoung();
}

/** Node offers a collection only to a process that was started with a flag, or to a context that is made while the flag is set. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "minor" }) => void;
  setFlagsFromString("--no-expose-gc");
  return () => collect({ type: "minor" });
}

/** A listener of requests, the memory of whose large bodies is given back as they are read. */
export function withBodyReclaim(inner: RequestListener): RequestListener {
  return (request, response) => {
    const { headers } = request;
    const isLarge = Number(headers["content-length"] ?? 0) >= large || headers["transfer-encoding"] !== undefined;
    if (isLarge) countBody(request);
    inner(request, response);
  };
}

function countBody(request: IncomingMessage): void {
  const { push } = request;
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    if (chunk) bodyCame(chunk.length);
    return push.call(request, chunk, encoding);
  };
}
