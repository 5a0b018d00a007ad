import { url as inspectorUrl } from "node:inspector";
import { StartRefused } from "./config-error.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { type Given, type Peers, type Place, type SocketSource, type Start, serveHere } from "./program.ts";
import { heardTicketKeys, type TicketKeys } from "./ticket-keys.ts";

/**
 * What a worker does: loads its program, starts it when the parent says with which settings, and ends when the parent
 * says so or has gone. Signals that a terminal sends to all of its processes are the parent's to judge.
 */
export async function work(load: () => Promise<{ start: Start }>): Promise<void> {
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR2"] as const) process.on(signal, () => {});
  const stopped = Promise.withResolvers<void>();
  let stopping = false;
  const stop = () => {
    stopping = true;
    stopped.resolve();
  };
  // Without a parent nobody ends a worker that does not end by itself.
  process.on("disconnect", () => (stopping ? process.exit(1) : stop()));
  const { given, socket, peers, give } = hearParent();
  try {
    const loaded = load().then((program) => {
      // Until here the signal ends the process by itself: code that is being loaded hears nothing, and there is nothing to drain.
      process.on("SIGTERM", stop);
      return program;
    });
    const told = await Promise.race([Promise.all([loaded, given]), stopped.promise]);
    if (!told) process.exit(0);
    const [{ start }, own] = told;
    const place: Place = { ...own, socket, peers };
    const status = await serveHere(start, place, {
      stop: stopped.promise,
      ready: (url) => send({ kind: "ready", url }),
      fault: () => send({ kind: "fault" }),
    });
    const value = await give().catch(() => undefined);
    process.send?.({ kind: "given", value } satisfies FromWorker, () => process.exit(status)) ?? process.exit(status);
  } catch (error) {
    const isSetting = error instanceof StartRefused;
    if (!isSetting) console.error(error);
    process.exitCode = 1;
    const message = error instanceof Error ? error.message : String(error);
    process.send?.({ kind: "failed", message, isSetting } satisfies FromWorker, () => process.exit(1));
  }
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message, () => {});
}

/** The parent's messages: the settings to start with, sockets that were asked for, and whether anybody is in. */
function hearParent() {
  const given = Promise.withResolvers<Pick<Place, "env" | "first" | "fresh"> & { ticketKeys: TicketKeys }>();
  let ticketKeys: ReturnType<typeof heardTicketKeys> | undefined;
  const asked = new Map<number, PromiseWithResolvers<object>>();
  const asking = new Map<number, (values: Given[]) => void>();
  let give: () => Promise<Given | undefined> = async () => undefined;
  let ids = 0;
  process.on("message", (message: ToWorker, handle: object | undefined) => {
    if (message.kind === "start") {
      ticketKeys = heardTicketKeys(message.ticketKeys);
      given.resolve({ env: message.env, first: message.first, fresh: message.fresh, ticketKeys });
    } else if (message.kind === "ticketKeys") ticketKeys?.take(message.ticketKeys);
    else if (message.kind === "ping") send({ kind: "pong", debugged: inspectorUrl() !== undefined });
    else if (message.kind === "give") {
      const { id } = message;
      give().then(
        (value) => send({ kind: "given", id, value }),
        () => send({ kind: "given", id, value: undefined }),
      );
    } else if (message.kind === "answers") {
      asking.get(message.id)?.(message.values);
      asking.delete(message.id);
    } else if (message.kind === "socket") {
      const { id, code } = message;
      if (handle) asked.get(id)?.resolve(handle);
      else asked.get(id)?.reject(Object.assign(new Error(`No socket: ${code}`), { code }));
      asked.delete(id);
    }
  });
  const socket: SocketSource = (at) => {
    const id = ids++;
    const answer = Promise.withResolvers<object>();
    asked.set(id, answer);
    send({ kind: "socket", id, at });
    return answer.promise;
  };
  const peers: Peers = {
    ask: () =>
      new Promise((resolve) => {
        const id = ids++;
        asking.set(id, resolve);
        send({ kind: "ask", id });
      }),
    answer(from) {
      give = from;
    },
  };
  return { given: given.promise, socket, peers, give: () => give() };
}
