import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { pathOf, problemText, recordOf } from "@quintet/http";
import { clientOf } from "../client-address.ts";
import { requestHead } from "../forwarding.ts";
import { NoTarget, problemOf } from "./failures.ts";
import type { RemoteApp } from "./remote-app.ts";
import { type AnswerHead, ResponseReader } from "./response-reader.ts";

const connectMs = 2000;
const answerMs = 15_000;
const largestHead = 64 * 1024;

/**
 * Passes a WebSocket handshake on, and then whatever either side sends. Only after a 101 do the sockets belong to
 * each other; any other answer is passed on as the last one of the client's connection, so that no second request slips past the routing.
 */
export function passUpgrade(
  app: RemoteApp,
  request: IncomingMessage,
  client: Duplex,
  first: Buffer,
  stopping: AbortSignal,
): void {
  const requestId = recordOf(request).id;
  const fail = (error: Error) => {
    const path = pathOf(request.url);
    app.log.warn({ err: error, url: { path }, http: { request: { id: requestId } } }, `${app.name} failed`);
    if (client.writable) client.end(problemText(problemOf(app.name, error), path, requestId));
  };
  const target = app.targets.choose(undefined);
  if (!target) {
    client.on("error", () => client.destroy());
    fail(new NoTarget("No target can be asked."));
    return;
  }
  const { origin } = target.connections;
  const port = Number(origin.port || (origin.protocol === "https:" ? 443 : 80));
  const host = origin.hostname.replace(/^\[|\]$/g, "");
  const upstream =
    origin.protocol === "https:" ? connectTls({ host, port, servername: host }) : connect({ host, port });
  target.underWay++;
  let answered = false;
  const timer = setTimeout(() => upstream.destroy(new NoTarget("No answer to the handshake.")), connectMs + answerMs);
  const stop = () => upstream.destroy();
  stopping.addEventListener("abort", stop, { once: true });
  upstream.setNoDelay(true);
  upstream.once("error", (error: NodeJS.ErrnoException) => {
    if (!answered) fail(error.code === "ECONNREFUSED" ? new NoTarget(error.message) : error);
  });
  upstream.once("close", () => {
    target.underWay--;
    clearTimeout(timer);
    stopping.removeEventListener("abort", stop);
    if (answered) client.destroy();
    else fail(new Error("The connection was closed."));
  });
  client.on("error", () => upstream.destroy());
  client.once("close", () => upstream.destroy());

  upstream.write(
    `${requestHead(request, recordOf(request), clientOf(request, app.trusted))}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    "latin1",
  );
  let seen: Buffer = Buffer.alloc(0);
  const onData = (bytes: Buffer) => {
    seen = Buffer.concat([seen, bytes]);
    const end = seen.indexOf("\r\n\r\n", 0, "latin1");
    if (end < 0 && seen.length < largestHead) return;
    upstream.off("data", onData);
    clearTimeout(timer);
    if (!/^HTTP\/1\.1 101 /.test(seen.toString("latin1", 0, 13))) {
      passRefusal(seen, upstream, client, () => {
        answered = true;
      });
      return;
    }
    answered = true;
    client.write(seen);
    if (first.length > 0) upstream.write(first);
    upstream.pipe(client);
    client.pipe(upstream);
  };
  upstream.on("data", onData);
}

/** An answer other than 101, passed on with the end of the client's connection. Throws nothing: a bad one closes both. */
function passRefusal(first: Buffer, upstream: Duplex, client: Duplex, onHead: () => void): void {
  const reader = new ResponseReader();
  const finish = () => {
    client.end();
    upstream.destroy();
  };
  reader.expect(
    {
      onInformation: () => {},
      onHead({ status, reason, headers }: AnswerHead) {
        onHead();
        let head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\n`;
        for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
        client.write(`${head}\r\n`, "latin1");
      },
      onData(part) {
        if (client.write(Buffer.from(part))) return;
        upstream.pause();
        client.once("drain", () => upstream.resume());
      },
      onEnd: finish,
    },
    "GET",
  );
  const read = (bytes: Buffer) => {
    try {
      reader.read(bytes);
    } catch {
      upstream.destroy();
    }
  };
  upstream.on("data", read);
  upstream.once("end", () => {
    try {
      reader.end();
    } catch {
      upstream.destroy();
    }
  });
  read(first);
}
