import type { Batch } from "./digests.ts";

/** Where messages about saved searches are sent, by the HTTP API of the queue app. */
export interface NotifyQueue {
  /** The base URL of the installation, without `/queue`. */
  url: string;
  queue: string;
  username: string;
  password: string;
}

const timeoutMs = 10_000;

/** A queue that did not accept messages. Has neither the URL nor the credentials. */
class QueueRefused extends Error {
  override name = "QueueRefused";
}

/** Sends a batch. A repeated one is recognized by its key. Rejects with `QueueRefused` unless the queue has all of its messages. */
export async function sendBatch(to: NotifyQueue, { key, messages }: Batch, signal: AbortSignal): Promise<void> {
  const path = `/queues/${to.queue}`;
  const send = () => call(to, "POST", `${path}/messages`, { body: { messages }, key, signal });
  let status = await send();
  if (status === 404) {
    // Nobody but the account and staff reads what is sent about the searches of others.
    await expectOk(call(to, "PUT", path, { body: {}, signal }));
    await expectOk(call(to, "PUT", `${path}/access`, { body: { send: [], receive: [], manage: [] }, signal }));
    status = await send();
  }
  await expectOk(Promise.resolve(status));
}

async function expectOk(response: Promise<number>): Promise<void> {
  const status = await response;
  if (status < 200 || status > 299) throw new QueueRefused(`The queue responded with ${status}`);
}

interface Call {
  body: unknown;
  key?: string;
  signal: AbortSignal;
}

async function call(to: NotifyQueue, method: string, path: string, { body, key, signal }: Call): Promise<number> {
  const credentials = Buffer.from(`${to.username}:${to.password}`).toString("base64");
  try {
    const response = await fetch(`${to.url}/queue${path}`, {
      method,
      headers: {
        Authorization: `Basic ${credentials}`,
        "Content-Type": "application/json",
        ...(key === undefined ? {} : { "Idempotency-Key": key }),
      },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    throw new QueueRefused(`The queue could not be reached (${reasonOf(error)})`);
  }
}

/** The code of an error of the connection, or its name. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { cause } = error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : error.name;
}
