import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** An upload that goes only as far as a test lets it. */
export interface SlowUpload {
  send(part: string | Buffer): Promise<void>;
  /** Ends the body and gives the response. */
  end(): Promise<{ status: number; headers: IncomingMessage["headers"]; body: string }>;
  /** Goes away in the middle. */
  cut(): void;
  /** The response as soon as its head comes. */
  response: Promise<IncomingMessage>;
}

/** Begins to upload a CSV file to a server. */
export function slowUpload(url: string, headers: Record<string, string>): SlowUpload {
  const response = Promise.withResolvers<IncomingMessage>();
  response.promise.catch(() => {});
  const client: ClientRequest = request(url, { method: "POST", headers: { "Content-Type": "text/csv", ...headers } });
  client.on("response", response.resolve);
  client.on("error", response.reject);
  client.flushHeaders();
  return {
    response: response.promise,
    send: (part) =>
      new Promise((resolve, reject) => client.write(part, (error) => (error ? reject(error) : resolve()))),
    async end() {
      client.end();
      const message = await response.promise;
      return { status: message.statusCode ?? 0, headers: message.headers, body: await text(message) };
    },
    cut: () => client.destroy(),
  };
}
