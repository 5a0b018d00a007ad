import { url as inspectorUrl } from "node:inspector";
import type { FromWorker, ToWorker } from "../messages.ts";
import {
  type Peers,
  type ProcessContext,
  type SocketSource,
  type Start,
  serveInProcess,
  type WorkerReport,
} from "../program.ts";
import { StartRefused } from "../settings/config-error.ts";
import { receivedTicketKeys, type TicketKeys } from "../sockets/ticket-keys.ts";

/**
 * The main function of a worker: loads its program, starts it when the parent sends the settings, and exits when the parent requests it or
 * is gone. Signals that a terminal sends to the whole process group are handled by the parent.
 */
export async function runWorker(load: () => Promise<{ start: Start }>): Promise<void> {
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR2"] as const) process.on(signal, () => {});
  const stopped = Promise.withResolvers<void>();
  let stopping = false;
  const stop = () => {
    stopping = true;
    stopped.resolve();
  };
  // Without a parent, nothing else ends a worker that does not finish draining.
  process.on("disconnect", () => (stopping ? process.exit(1) : stop()));
  const { settings, socket, peers, makeReport } = listenToParent();
  try {
    const loaded = load().then((program) => {
      // Until here the signal's default action ends the process: code that is loading handles no events, and there is nothing to drain.
      process.on("SIGTERM", stop);
      return program;
    });
    const received = await Promise.race([Promise.all([loaded, settings]), stopped.promise]);
    if (!received) process.exit(0);
    const [{ start }, own] = received;
    const context: ProcessContext = { ...own, socket, peers };
    const status = await serveInProcess(start, context, {
      stop: stopped.promise,
      ready: (url) => send({ kind: "ready", url }),
      fault: () => send({ kind: "fault" }),
    });
    const report = await makeReport().catch(() => undefined);
    process.send?.({ kind: "report", report } satisfies FromWorker, () => process.exit(status)) ?? process.exit(status);
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

/** Handles the parent's messages: the settings to start with, listening sockets, pings, and reports. */
function listenToParent() {
  const settings = Promise.withResolvers<
    Pick<ProcessContext, "env" | "first" | "fresh"> & { ticketKeys: TicketKeys }
  >();
  let ticketKeys: ReturnType<typeof receivedTicketKeys> | undefined;
  const sockets = new Map<number, PromiseWithResolvers<object>>();
  const collecting = new Map<number, (reports: WorkerReport[]) => void>();
  let makeReport: () => Promise<WorkerReport | undefined> = async () => undefined;
  let ids = 0;
  process.on("message", (message: ToWorker, handle: object | undefined) => {
    if (message.kind === "start") {
      ticketKeys = receivedTicketKeys(message.ticketKeys);
      settings.resolve({ env: message.env, first: message.first, fresh: message.fresh, ticketKeys });
    } else if (message.kind === "ticketKeys") ticketKeys?.replace(message.ticketKeys);
    else if (message.kind === "ping") send({ kind: "pong", debugged: inspectorUrl() !== undefined });
    else if (message.kind === "report") {
      const { id } = message;
      makeReport().then(
        (report) => send({ kind: "report", id, report }),
        () => send({ kind: "report", id, report: undefined }),
      );
    } else if (message.kind === "reports") {
      collecting.get(message.id)?.(message.reports);
      collecting.delete(message.id);
    } else if (message.kind === "socket") {
      const { id, code } = message;
      if (handle) sockets.get(id)?.resolve(handle);
      else sockets.get(id)?.reject(Object.assign(new Error(`No socket: ${code}`), { code }));
      sockets.delete(id);
    }
  });
  const socket: SocketSource = (at) => {
    const id = ids++;
    const received = Promise.withResolvers<object>();
    sockets.set(id, received);
    send({ kind: "socket", id, at });
    return received.promise;
  };
  const peers: Peers = {
    collect: () =>
      new Promise((resolve) => {
        const id = ids++;
        collecting.set(id, resolve);
        send({ kind: "collect", id });
      }),
    provide(report) {
      makeReport = report;
    },
  };
  return { settings: settings.promise, socket, peers, makeReport: () => makeReport() };
}
