import type { ServerResponse } from "node:http";
import type { Coding } from "./codings.ts";

/** So many answers may be packed as they come; each holds a megabyte or so for as long as its client takes. */
const mostAtOnce = 200;

let open = 0;

export type PackingStream = ReturnType<Coding["open"]>;

/** A response's own methods, with what they take left to them. */
export interface Own {
  writeHead(status: number, ...rest: unknown[]): ServerResponse;
  write(...given: unknown[]): boolean;
  end(...given: unknown[]): ServerResponse;
}

/**
 * A stream whose output goes to the client, as fast as that takes it; its end ends the response, and with the response it ends.
 * Nothing when too many are open, or when nobody is there to take what comes.
 */
export function openPacking(coding: Coding, response: ServerResponse, own: Own): PackingStream | undefined {
  if (open >= mostAtOnce || response.destroyed) return undefined;
  const stream = coding.open();
  open++;
  stream.once("close", () => {
    open--;
  });
  response.once("close", () => stream.destroy());
  let [full, ours] = [false, false];
  stream.on("data", (part: Buffer) => {
    if (own.write.call(response, part)) return;
    full = true;
    stream.pause();
  });
  response.on("drain", () => {
    if (ours || !full) return;
    full = false;
    stream.resume();
  });
  // Whoever writes the answer waits for the stream, not for the client.
  Object.defineProperty(response, "writableLength", { get: () => stream.writableLength });
  stream.on("drain", () => {
    ours = true;
    response.emit("drain");
    ours = false;
  });
  stream.once("end", () => own.end.call(response));
  stream.once("error", () => response.destroy());
  return stream;
}
