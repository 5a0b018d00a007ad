import { lookup } from "node:dns/promises";
import net, { isIP } from "node:net";
import { getSystemErrorName } from "node:util";
import { type ListenAddress, listenFault } from "./listen-address.ts";

/** A bound TCP socket that Node can pass between processes. */
export interface SocketHandle {
  getsockname(into: { port?: number }): number;
  close(): void;
}

/** The function that node:cluster binds with: unlike `listen`, it accepts no connection in this process. An error is a negative number. */
const { _createServerHandle: bindOnly } = net as unknown as {
  _createServerHandle(address: string, port: number, type: 4 | 6, fd: number, flags: number): SocketHandle | number;
};

/**
 * The listening sockets that all workers share. The parent keeps them open and accepts nothing on them: while no worker runs, new
 * connections wait in the system's backlog instead of failing.
 */
export class SharedSockets {
  readonly #handles = new Map<string, Promise<SocketHandle>>();

  /** The socket of a setting's address, bound at the first call; port 0 is one free port for all. Rejects with the system's code. */
  async bind(at: ListenAddress): Promise<SocketHandle> {
    const name = socketName(at);
    const found = this.#handles.get(name) ?? bind(at.host, at.port);
    this.#handles.set(name, found);
    found.catch(() => this.#handles.delete(name));
    return found;
  }

  /** Closes the sockets of all addresses but these. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    for (const [name, handle] of this.#handles) {
      if (names.has(name)) continue;
      this.#handles.delete(name);
      (await handle).close();
    }
  }
}

/** Two settings never share a socket, even with equal addresses: each would serve the other's requests. */
export function socketName({ setting, host, port }: ListenAddress): string {
  return `${setting} ${host} ${port}`;
}

/** Why an address cannot be listened on, as an error of its setting; undefined when it can. Accepts no connection. */
export async function addressFault(at: ListenAddress): Promise<string | undefined> {
  try {
    (await bind(at.host, at.port)).close();
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return listenFault(at, code) ?? `${at.setting}: cannot be listened on (${code})`;
  }
}

async function bind(host: string, port: number): Promise<SocketHandle> {
  const { address, family } = isIP(host) ? { address: host, family: isIP(host) } : await lookup(host);
  const handle = bindOnly(address, port, family === 6 ? 6 : 4, -1, 0);
  if (typeof handle === "number") throw bindError(getSystemErrorName(handle));
  // libuv reports EADDRINUSE only when `listen` is called, which happens in another process: there the socket would get a random port.
  const bound: { port?: number } = {};
  if (handle.getsockname(bound) === 0 && bound.port) return handle;
  handle.close();
  throw bindError("EADDRINUSE");
}

function bindError(code: string): Error {
  return Object.assign(new Error(`bind ${code}`), { code });
}
