import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import type { TestAccount } from "@quintet/accounts/testing";
import { createLogger, listenerOf, serve } from "@quintet/http";
import { createApp } from "../src/app.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

/** An access key as clients of AWS take it. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** The app behind a socket, as clients of AWS reach it. */
export interface SqsServer extends AsyncDisposable {
  queue: OpenQueue;
  origin: string;
  /** The endpoint for clients of AWS. */
  endpoint: string;
  credentialsOf(account: TestAccount): Promise<Credentials>;
  /** An SDK client of an account, a plain one by default. */
  client(as?: TestAccount, config?: SQSClientConfig): Promise<SQSClient>;
}

export async function openSqs(options: Parameters<typeof openQueue>[0] = {}): Promise<SqsServer> {
  await using stack = new AsyncDisposableStack();
  const queue = stack.use(await openQueue(options));
  const log = createLogger({ service: "queue", level: "silent" });
  const listener = listenerOf(createApp(queue.deps));
  const listening = await serve(listener, { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
  stack.defer(() => listening.close());
  const origin = `http://127.0.0.1:${listening.port}`;
  const endpoint = `${origin}/queue/sqs`;
  const credentialsOf = async (as: TestAccount) => {
    const made = await queue.request("POST", "/queue/access-keys", { as });
    return made.json<Credentials>();
  };
  const client: SqsServer["client"] = async (as = queue.people.plain, config = {}) => {
    const made = new SQSClient({
      endpoint,
      region: "eu-central-1",
      credentials: await credentialsOf(as),
      maxAttempts: 1,
      ...config,
    });
    kept.defer(() => made.destroy());
    return made;
  };
  const kept = stack.move();
  return { queue, origin, endpoint, credentialsOf, client, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
