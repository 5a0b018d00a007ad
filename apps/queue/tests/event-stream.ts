import { type IncomingMessage, request } from "node:http";
import { until } from "@quintet/http/testing";
import type { Received } from "./open-queue.ts";

/** An event of a stream. */
interface StreamEvent {
  event: string;
  data: string;
}

/** A client of a stream of messages over a socket, which reads as long as it is not paused. */
export interface StreamClient extends Disposable {
  response: IncomingMessage;
  events: StreamEvent[];
  /** The messages so far. */
  messages(): Received[];
  /** Waits until there are this many. */
  received(count: number): Promise<Received[]>;
  /** Waits for the event that ends the stream, and for the end itself. */
  end(): Promise<StreamEvent>;
}

/** Opens a stream; resolves when the head of the response is there. */
export async function openEvents(url: string, authorization: string): Promise<StreamClient> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(url, { agent: false, headers: { Authorization: authorization, "Accept-Encoding": "gzip, br" } });
  sent.on("error", reject).on("response", resolve).end();
  const response = await promise;
  const events: StreamEvent[] = [];
  let text = "";
  let ended = false;
  response.setEncoding("utf8");
  response.on("error", () => {});
  response.on("close", () => {
    ended = true;
  });
  response.on("data", (chunk: string) => {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split("\n")
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join("\n");
      if (field("data") !== "") events.push({ event: field("event"), data: field("data") });
    }
  });
  const messages = () =>
    events.filter(({ event }) => event === "message").map(({ data }) => JSON.parse(data) as Received);
  return {
    response,
    events,
    messages,
    async received(count) {
      await until(() => messages().length >= count);
      return messages();
    },
    async end() {
      await until(() => ended);
      return events.at(-1) ?? { event: "", data: "" };
    },
    [Symbol.dispose]: () => void sent.destroy(),
  };
}
