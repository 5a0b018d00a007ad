import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";

/** Frame types and flags of RFC 9113 section 6. */
export const frame = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7 } as const;
export const flag = { endStream: 1, endHeaders: 4 } as const;

interface Seen {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** An HTTP/2 connection that sends what it is told to, right or wrong. */
export interface RawHttp2 extends Disposable {
  socket: TLSSocket;
  frames: Seen[];
  send(type: number, flags: number, stream: number, payload?: Buffer): void;
  /** The frames that came for a stream, by type. */
  of(stream: number, type: number): Seen[];
}

/** Connects and sends the preface and empty settings. */
export async function rawHttp2(port: number): Promise<RawHttp2> {
  const socket = connect({ port, host: "127.0.0.1", ALPNProtocols: ["h2"], rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const frames: Seen[] = [];
  let seen = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    seen = Buffer.concat([seen, bytes]);
    while (seen.length >= 9 && seen.length >= 9 + seen.readUIntBE(0, 3)) {
      const end = 9 + seen.readUIntBE(0, 3);
      frames.push({
        type: seen[3] ?? 0,
        flags: seen[4] ?? 0,
        stream: seen.readUInt32BE(5),
        payload: seen.subarray(9, end),
      });
      seen = seen.subarray(end);
    }
  });
  const send = (type: number, flags: number, stream: number, payload = Buffer.alloc(0)) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.set([type, flags], 3);
    head.writeUInt32BE(stream, 5);
    socket.write(Buffer.concat([head, payload]));
  };
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  send(frame.settings, 0, 0);
  return {
    socket,
    frames,
    send,
    of: (stream, type) => frames.filter((one) => one.stream === stream && one.type === type),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** A block of header fields as literals that are neither indexed nor shortened (RFC 7541 section 6.2.2). */
export function fields(given: [string, string][]): Buffer {
  return Buffer.concat(given.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** The fields of a GET, to be changed by tests. */
export function get(path: string, ...further: [string, string][]): [string, string][] {
  return [[":method", "GET"], [":scheme", "https"], [":authority", "localhost"], [":path", path], ...further];
}
