import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
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
  stream.on("error", () => {});
  const gone = new AbortController();
  stream.once("close", () => gone.abort());
  const answered = once(stream, "response", { signal: gone.signal });
  if (typeof payload === "object" && "pipe" in payload) payload.on("error", () => stream.close(8)).pipe(stream);
  else if (payload !== undefined) stream.end(payload);
  const [{ ":status": status, ...answer }, , rawHeaders] = await answered;
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return { statusCode: status as number, headers: answer, rawHeaders: rawHeaders as string[], parts };
}
