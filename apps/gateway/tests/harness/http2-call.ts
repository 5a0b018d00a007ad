import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from "node:http2";
import type { Readable } from "node:stream";

/** What a call over HTTP/2 needs. */
interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  payload?: string | Uint8Array | Readable | undefined;
}

const sessions = new Map<string, ClientHttp2Session>();

/** Makes a call over HTTP/2, on one connection for each origin; the certificate of a test is nobody's to know. */
export async function callOverHttp2(origin: string, { method, path, headers, payload }: Call) {
  let session = sessions.get(origin);
  if (!session || session.closed || session.destroyed) {
    // Node's client goes on counting the rest of a body that was refused.
    session = connect(origin, { rejectUnauthorized: false, maxSessionMemory: 1000 });
    session.on("error", () => {});
    session.unref();
    sessions.set(origin, session);
  }
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const stream = session.request({ ...lower, ":method": method, ":path": path }, { endStream: payload === undefined });
  let failure: Error | undefined;
  stream.on("error", (error) => {
    failure = error;
  });
  let head: [IncomingHttpHeaders & IncomingHttpStatusHeader, string[]] | undefined;
  stream.once("response", (headers, _flags, rawHeaders) => {
    head = [headers, rawHeaders];
  });
  // Read as it comes: Node's async iterator takes a stream for cut off that closes between its last two steps.
  const parts: Buffer[] = [];
  stream.on("data", (part: Buffer) => parts.push(part));
  if (typeof payload === "object" && "pipe" in payload) payload.on("error", () => stream.close(8)).pipe(stream);
  else if (payload !== undefined) stream.end(payload);
  await new Promise((resolve) => stream.once("close", resolve));
  const came = parts.reduce((sum, part) => sum + part.length, 0);
  const promised = method === "HEAD" ? undefined : head?.[0]["content-length"];
  const isShort = promised !== undefined && Number(promised) !== came;
  if (!head || !stream.readableEnded || stream.rstCode !== 0 || isShort) {
    throw new Error(
      `the answer to ${method} ${path} was cut off: ${failure?.message ?? `reset with ${stream.rstCode}`}`,
      { cause: failure },
    );
  }
  const [{ ":status": status, ...answer }, rawHeaders] = head;
  return { statusCode: status as number, headers: answer, rawHeaders, parts };
}
