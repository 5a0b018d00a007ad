import type { ServerResponse } from "node:http";
import type { Coding } from "./codings.ts";

/** Max responses that are compressed as streams at once; each holds about a megabyte until its client has received it. */
const maxOpen = 200;

let open = 0;

export type CompressionStream = ReturnType<Coding["createStream"]>;

/** The original methods of a response, with loose types. */
export interface OriginalMethods {
  writeHead(status: number, ...rest: unknown[]): ServerResponse;
  write(...args: unknown[]): boolean;
  end(...args: unknown[]): ServerResponse;
}

/**
 * Opens a compression stream whose output goes to the client, with backpressure. Its end ends the response, and it is destroyed with the
 * response. Undefined when too many are open or the response is closed.
 */
export function openCompressionStream(
  coding: Coding,
  response: ServerResponse,
  original: OriginalMethods,
): CompressionStream | undefined {
  if (open >= maxOpen || response.destroyed) return undefined;
  const stream = coding.createStream();
  open++;
  stream.once("close", () => {
    open--;
  });
  response.once("close", () => stream.destroy());
  let [full, isOwnDrain] = [false, false];
  stream.on("data", (part: Buffer) => {
    if (original.write.call(response, part)) return;
    full = true;
    stream.pause();
  });
  response.on("drain", () => {
    if (isOwnDrain || !full) return;
    full = false;
    stream.resume();
  });
  // The writer of the response waits for the stream, not for the client.
  Object.defineProperty(response, "writableLength", { get: () => stream.writableLength });
  stream.on("drain", () => {
    isOwnDrain = true;
    response.emit("drain");
    isOwnDrain = false;
  });
  stream.once("end", () => original.end.call(response));
  stream.once("error", () => response.destroy());
  return stream;
}
