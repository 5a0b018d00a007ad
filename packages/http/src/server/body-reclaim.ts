import type { IncomingMessage, RequestListener } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A collection runs each time this many bytes of bodies have been read. */
const every = 4 * 1024 * 1024;
/** Smaller bodies are freed with everything else that a request leaves behind. */
const large = 64 * 1024;

let came = 0;
let collectYoung: (() => void) | undefined;

/**
 * Counts a chunk of a request body. Each chunk is memory outside V8's heap, which V8 by itself collects only once there are 64 MB of
 * it: a large upload would grow the process by that, and each chunk would be a page fault. A collection of the young generation frees
 * the chunks that were read and passed on; it takes a millisecond or less.
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

/** Frees the memory of large request bodies while they are read. */
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
