import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import aws4 from "aws4";
import { startApp } from "../app-process.ts";
import { type MeasuredServer, startServer } from "../processes.ts";
import { compare, loadVariant, type Row } from "../row.ts";
import type { Load } from "../wrk.ts";

const fauxqs = fileURLToPath(new URL("../servers/fauxqs.ts", import.meta.url));
const text = JSON.stringify({ task: "resize", id: 12345, size: [640, 480] });
const md5 = createHash("md5").update(text).digest("hex");

interface Target {
  name: string;
  server: MeasuredServer;
  endpoint: string;
  queueUrl: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** Calls of Amazon SQS, signed, compared with an emulator that keeps its messages in its own memory and checks no signature. */
export const sqs: Row = {
  name: "sqs",
  about: "calls of Amazon SQS, compared with fauxqs",
  async run({ rounds, seconds, openStores }) {
    await using app = await startApp("queue", ["mysql", "redis"], { openStores });
    await using emulator = await startServer(process.execPath, [fauxqs]);
    const headers = { Authorization: app.authorization, "Content-Type": "application/json" };
    await fetch(`${app.url}/queue/queues/orders`, { method: "PUT", headers, body: "{}" });
    const made = await fetch(`${app.url}/queue/access-keys`, { method: "POST", headers, body: "{}" });
    const targets: Target[] = [
      {
        name: "fauxqs",
        server: emulator,
        endpoint: `http://127.0.0.1:${emulator.port}/`,
        queueUrl: `http://127.0.0.1:${emulator.port}/000000000000/orders`,
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
      },
      {
        name: "queue",
        server: app.server,
        endpoint: `${app.url}/queue/sqs`,
        queueUrl: `${app.url}/queue/sqs/1/orders`,
        credentials: (await made.json()) as Target["credentials"],
      },
    ];
    for (const target of targets) {
      const QueueUrl = target.queueUrl;
      const sent = await call(target, "SendMessage", send(target));
      const received = await call(target, "ReceiveMessage", { QueueUrl });
      const [message] = (received.Messages ?? []) as { Body: string; ReceiptHandle: string }[];
      if (sent.MD5OfMessageBody !== md5 || message?.Body !== text) throw new Error(`${target.name} lost a message.`);
      await call(target, "DeleteMessage", { QueueUrl, ReceiptHandle: message.ReceiptHandle });
    }
    const variants = (action: string, input: (target: Target) => object) =>
      targets.map((target) => ({
        name: target.name,
        // Signed anew: a signature is valid for a quarter of an hour.
        measure: () =>
          loadVariant(target.name, [target.server], signed(target, action, input(target)), seconds).measure(),
      }));
    await compare("SendMessage", "calls/s", variants("SendMessage", send), rounds);
    const receive = ({ queueUrl: QueueUrl }: Target) => ({ QueueUrl, MaxNumberOfMessages: 10 });
    await compare("ReceiveMessage of 10", "calls/s", variants("ReceiveMessage", receive), rounds);
  },
};

const send = ({ queueUrl: QueueUrl }: Target) => ({ QueueUrl, MessageBody: text });

/** A request of the JSON protocol, signed for the next minutes. */
function signed({ endpoint, credentials }: Target, action: string, input: object): Load {
  const { host, pathname: path } = new URL(endpoint);
  const body = JSON.stringify(input);
  const headers = { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": `AmazonSQS.${action}` };
  const request = aws4.sign(
    { service: "sqs", region: "us-east-1", method: "POST", host, path, headers, body },
    credentials,
  );
  const { "Content-Length": _length, Host: _host, ...rest } = request.headers as Record<string, string>;
  return { url: endpoint, method: "POST", headers: rest, body };
}

async function call(target: Target, action: string, input: object): Promise<Record<string, unknown>> {
  const { url, method = "POST", headers = {}, body = "" } = signed(target, action, input);
  const response = await fetch(url, { method, headers, body });
  if (!response.ok) throw new Error(`${target.name}: ${action} is a ${response.status}: ${await response.text()}`);
  return (await response.json().catch(() => ({}))) as Record<string, unknown>;
}
