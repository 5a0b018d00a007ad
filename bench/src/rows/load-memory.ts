import { startApp } from "../app-process.ts";
import type { Row } from "../row.ts";

const MB = 1e6;
const keys = 2000;
const text = `${"Ñandú à la crème, 12 € ".repeat(180)}x`;

interface Form {
  name: string;
  type: string;
  head: string;
  row(id: number): string;
  encode(text: string): Buffer;
}

const utf8 = (given: string) => Buffer.from(given);
const forms: Form[] = [
  { name: "RFC 4180", type: "text/csv", head: "id,text\n", row: (id) => `${id},"${text}"\n`, encode: utf8 },
  {
    name: "; windows-1252 CRLF",
    type: "text/csv; charset=windows-1252",
    head: "id;text\r\n",
    row: (id) => `${id};${text.replaceAll("€", "EUR")}\r\n`,
    encode: (given) => Buffer.from(given, "latin1"),
  },
  {
    name: "tab UTF-16",
    type: "text/csv",
    head: "\ufeffid\ttext\n",
    row: (id) => `${id}\t${text}\n`,
    encode: (given) => Buffer.from(given, "utf16le"),
  },
  {
    name: "NDJSON",
    type: "application/x-ndjson",
    head: "",
    row: (id) => `${JSON.stringify({ id, text })}\n`,
    encode: utf8,
  },
];

/** The rows of a file of about so many bytes, made while they are sent; ids repeat, so that the table stays small. */
function fileOf({ head, row, encode }: Form, bytes: number): ReadableStream<Uint8Array> {
  const chunks = Array.from({ length: keys / 20 }, (_, at) =>
    encode(Array.from({ length: 20 }, (_, index) => row(at * 20 + index + 1)).join("")),
  );
  let sent = 0;
  let next = 0;
  return new ReadableStream({
    start: (controller) => controller.enqueue(encode(head)),
    pull(controller) {
      const chunk = chunks[next++ % chunks.length] as Buffer;
      controller.enqueue(Uint8Array.from(chunk));
      sent += chunk.length;
      if (sent >= bytes) controller.close();
    },
  });
}

/** How much the memory of the app's process grows over a file of 2 GB, after one of 100 MB, in several forms. */
export const loadMemory: Row = {
  name: "load-memory",
  about: "the memory of a load of 2 GB in several dialects",
  async run({ scale, openStores }) {
    await using app = await startApp("ingest", ["mysql", "redis"], { openStores });
    const headers = { Authorization: app.authorization };
    const made = await fetch(`${app.url}/ingest/tables/big`, {
      method: "PUT",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({ fields: [{ name: "id", type: "integer" }, { name: "text" }], primaryKey: "id" }),
    });
    if (made.status !== 201) throw new Error(await made.text());
    for (const form of forms) {
      const send = async (bytes: number) => {
        const response = await fetch(`${app.url}/ingest/big/csv?mode=upsert`, {
          method: "POST",
          headers: { ...headers, "Content-Type": form.type },
          body: fileOf(form, bytes),
          duplex: "half",
        } as RequestInit);
        const load = (await response.json()) as { bytes: number; rejected: number };
        if (!(load.bytes >= bytes) || load.rejected > 0) throw new Error(`${form.name}: ${JSON.stringify(load)}`);
      };
      await send(100 * MB * Math.min(1, scale));
      const before = app.server.memory();
      let peak = before;
      const watch = setInterval(() => {
        peak = Math.max(peak, app.server.memory());
      }, 100);
      const started = performance.now();
      await send(2000 * MB * scale);
      clearInterval(watch);
      const rate = (2000 * scale) / ((performance.now() - started) / 1000);
      const growth = Math.round((peak - before) / MB);
      console.log(`  ${form.name.padEnd(22)} ${rate.toFixed(0).padStart(5)} MB/s  grows by ${growth} MB`);
    }
  },
};
