import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createLogger, type Listening, type ServeOptions, serve } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { withCompression } from "../src/compression/with-compression.ts";
import type { Admission } from "../src/limits/admission.ts";
import { mountedUpstream } from "../src/mounted.ts";
import { type RemoteOptions, remoteUpstream } from "../src/remote/remote-upstream.ts";
import { route } from "../src/routing/route.ts";
import type { Upstream } from "../src/routing/upstream.ts";

export const log = createLogger({ service: "test", level: "silent" });

/** A plain Node server whose behaviour a test sets, on a port of its own. */
export async function behind(listener: RequestListener): Promise<{ server: Server; origin: string } & AsyncDisposable> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    server,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface Edge extends AsyncDisposable {
  listening: Listening;
  origin: string;
  upstreams: Upstream[];
  /** Opens a raw connection; what comes on it is collected as latin1 text. */
  open(): { socket: Socket; text(): string; closed: Promise<unknown> };
  /** Sends raw bytes and resolves with all that comes back, when the gateway hangs up or `enough` says so. */
  send(bytes: string, enough?: (text: string) => boolean): Promise<string>;
}

/** A gateway in front of these targets at `/queue`, and of an app in this process at `/social`. */
export async function edge(
  targets: string[],
  options: Partial<RemoteOptions> &
    Partial<ServeOptions> & { mounted?: Parameters<typeof mountedUpstream>[2]; admitting?: Admission } = {},
): Promise<Edge> {
  const social = options.mounted ?? { fetch: async (request: Request) => new Response(await request.text()) };
  const upstreams = [
    remoteUpstream("queue", "/queue", targets, { log, ...options }),
    mountedUpstream("social", "/social", social, options.trusted),
  ];
  const own: RequestListener = (_request, response) => response.writeHead(404).end("own");
  const listener = withCompression(route(upstreams, own));
  const listening = await serve(options.admitting?.requests(listener) ?? listener, {
    port: 0,
    host: "127.0.0.1",
    log,
    drainSeconds: 1,
    edge: true,
    ...options,
  });
  const open = () => {
    const socket = connect(listening.port, "127.0.0.1");
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    socket.on("error", () => {});
    return { socket, text: () => text, closed: new Promise((resolve) => socket.once("close", resolve)) };
  };
  return {
    listening,
    origin: `http://127.0.0.1:${listening.port}`,
    upstreams,
    open,
    async send(bytes, enough = () => false) {
      const client = open();
      client.socket.write(bytes, "latin1");
      let over = false;
      void client.closed.then(() => {
        over = true;
      });
      await until(() => over || enough(client.text()));
      client.socket.destroy();
      return client.text();
    },
    async [Symbol.asyncDispose]() {
      for (const upstream of upstreams) await upstream.close();
      listening.server.closeAllConnections();
      await listening.close();
    },
  };
}
