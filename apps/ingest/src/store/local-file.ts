import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { MysqlConnection } from "@quintet/db";

/** A server may limit packets to 1 MB. */
const pieceBytes = 256 * 1024;
const headerBytes = 4;

/** What of the driver's connection sends packets. */
interface PacketConnection {
  /** The number of the next packet of the command, from 0 to 255. */
  sequenceId: number;
  stream: Socket;
  /** Sends bytes; pauses the local file until the socket has taken them. */
  write(bytes: Buffer): void;
}

/**
 * The local file of a `LOAD DATA LOCAL INFILE` with this text, which must stay as it is until the statement has ended. The driver would
 * copy each piece of a file to put the header of a packet before it (MySQL protocol, "Protocol::Packet"); here the header is sent by
 * itself, and the driver sees an empty file and sends the packet that ends it.
 */
export function localFile({ connection: driver }: MysqlConnection, text: Buffer): Readable {
  const connection = driver as unknown as PacketConnection;
  return new Readable({
    read() {
      connection.stream.cork();
      for (let at = 0; at < text.length; at += pieceBytes) writePacket(connection, text.subarray(at, at + pieceBytes));
      connection.stream.uncork();
      this.push(null);
    },
  });
}

function writePacket(connection: PacketConnection, bytes: Buffer): void {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUIntLE(bytes.length, 0, headerBytes - 1);
  header[headerBytes - 1] = connection.sequenceId;
  connection.sequenceId = (connection.sequenceId + 1) % 256;
  connection.write(header);
  connection.write(bytes);
}
