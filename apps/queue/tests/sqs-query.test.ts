import { request } from "node:http";
import aws4 from "aws4";
import { afterAll, describe, expect, test } from "vitest";
import { type Credentials, openSqs } from "./sqs-server.ts";

const sqs = await openSqs();
afterAll(() => sqs[Symbol.asyncDispose]());
const credentials = await sqs.credentialsOf(sqs.queue.people.plain);

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends a request whose Host is as it was signed, which `fetch` does not allow. */
function send(options: object, body = ""): Promise<Answer> {
  const { port, hostname } = new URL(sqs.origin);
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, hostname, port, host: hostname }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject).end(body);
  });
}

interface Signing {
  path?: string;
  method?: string;
  service?: string;
  host?: string;
  headers?: Record<string, string>;
  signQuery?: boolean;
  /** Changes the request after it was signed. */
  tamper?: undefined | ((signed: { path?: string; headers: Record<string, string>; body: string }) => void);
}

/** Sends a signed form with these parameters, or a request with them in its URL. */
async function call(parameters: Record<string, string>, signing: Signing = {}, by: Credentials = credentials) {
  const {
    path = "/queue/sqs",
    method = "POST",
    service = "sqs",
    host = new URL(sqs.origin).host,
    headers = {},
  } = signing;
  const form = new URLSearchParams({ Version: "2012-11-05", ...parameters }).toString();
  const body = method === "POST" ? form : "";
  const signed = aws4.sign(
    {
      ...{ method, service, host, region: "us-east-1", signQuery: signing.signQuery ?? false },
      path: method === "POST" ? path : `${path}?${form}`,
      headers: { ...(body ? { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" } : {}), ...headers },
      ...(body ? { body } : {}),
    },
    by,
  ) as { path: string; method: string; headers: Record<string, string> };
  const changed = { ...signed, body };
  signing.tamper?.(changed);
  return send({ ...changed }, changed.body);
}

const codeOf = ({ status, text }: Answer) => `${status} ${/<Code>(.*?)<\/Code>/.exec(text)?.[1]}`;
const valuesOf = ({ text }: Answer, name: string) =>
  [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, value]) => value);

describe("the Query protocol", () => {
  test("creates, sends, receives and deletes, with the names of XML", async () => {
    const created = await call({
      Action: "CreateQueue",
      QueueName: "q",
      "Attribute.1.Name": "DelaySeconds",
      "Attribute.1.Value": "0",
    });
    expect([created.status, created.headers["content-type"]]).toEqual([200, "text/xml"]);
    expect(created.headers["x-amzn-requestid"]).toBe(valuesOf(created, "RequestId")[0]);
    expect(created.text).toContain('<CreateQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">');
    const [QueueUrl = ""] = valuesOf(created, "QueueUrl");
    const path = new URL(QueueUrl).pathname;
    const sent = await call(
      {
        Action: "SendMessage",
        MessageBody: 'a <b> & "c"\r\n',
        "MessageAttribute.1.Name": "kind",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "test",
      },
      { path },
    );
    expect(valuesOf(sent, "MD5OfMessageAttributes")).toHaveLength(1);
    const batch = await call({
      Action: "SendMessageBatch",
      QueueUrl,
      "SendMessageBatchRequestEntry.1.Id": "one",
      "SendMessageBatchRequestEntry.1.MessageBody": "1",
      "SendMessageBatchRequestEntry.2.Id": "two",
      "SendMessageBatchRequestEntry.2.MessageBody": "\u0001",
    });
    expect(valuesOf(batch, "SendMessageBatchResultEntry")).toHaveLength(1);
    expect(valuesOf(batch, "BatchResultErrorEntry")[0]).toContain("<Code>InvalidMessageContents</Code>");
    const received = await call(
      {
        Action: "ReceiveMessage",
        MaxNumberOfMessages: "10",
        "AttributeName.1": "All",
        "MessageAttributeName.1": "All",
      },
      { path: `${path}/`, method: "GET" },
    );
    expect(valuesOf(received, "Body")).toEqual(["a &lt;b&gt; &amp; &quot;c&quot;&#xD;\n", "1"]);
    expect(received.text).toContain(
      "<MessageAttribute><Name>kind</Name><Value><DataType>String</DataType><StringValue>test</StringValue></Value></MessageAttribute>",
    );
    expect(received.text).toContain("<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>");
    const handles = valuesOf(received, "ReceiptHandle");
    const deleted = await call({ Action: "DeleteMessage", QueueUrl, ReceiptHandle: handles[0] ?? "" });
    expect(deleted.text).toMatch(/<DeleteMessageResponse xmlns="[^"]+"><ResponseMetadata>/);
  });

  test("lists move tasks", async () => {
    const dead = await sqs.queue.makeQueue();
    await sqs.queue.makeQueue({ deadLetterQueue: dead.name });
    const SourceArn = `arn:aws:sqs:us-east-1:000000000000:${dead.name}`;
    const started = await call({ Action: "StartMessageMoveTask", SourceArn, MaxNumberOfMessagesPerSecond: "5" });
    expect(valuesOf(started, "TaskHandle")).toHaveLength(1);
    const listed = await call({ Action: "ListMessageMoveTasks", SourceArn });
    expect(valuesOf(listed, "ListMessageMoveTasksResultEntry")).toEqual([
      expect.stringContaining("<MaxNumberOfMessagesPerSecond>5<"),
    ]);
  });

  test("has errors with the codes of AWS", async () => {
    const missing = await call({ Action: "GetQueueUrl", QueueName: "none" });
    expect(codeOf(missing)).toBe("400 AWS.SimpleQueueService.NonExistentQueue");
    expect(missing.text).toContain("<Type>Sender</Type>");
    expect(codeOf(await call({ Action: "Nonsense" }))).toBe("400 InvalidAction");
    expect(codeOf(await call({}))).toBe("400 MissingAction");
    expect(codeOf(await call({ Action: "GetQueueUrl" }))).toBe("400 MissingParameter");
    const address = await call({ Action: "ReceiveMessage", QueueUrl: "http://x/", MaxNumberOfMessages: "x" });
    expect(codeOf(address)).toBe("400 InvalidParameterValue");
    expect(codeOf(await call({ Action: "ReceiveMessage", QueueUrl: "http://x/a b" }))).toBe("404 InvalidAddress");
  });
});

describe("signatures", () => {
  const list = { Action: "ListQueues" };
  const status = async (signing: Signing, by?: Credentials) => codeOf(await call(list, signing, by));

  test("in a header or in the URL, for the paths with and without a slash", async () => {
    for (const path of ["/queue/sqs", "/queue/sqs/"]) {
      for (const method of ["GET", "POST"]) {
        expect([path, method, await status({ path, method })]).toEqual([path, method, "200 undefined"]);
      }
      expect(await status({ path, method: "GET", signQuery: true })).toBe("200 undefined");
    }
  });

  test("of another host, behind a proxy that this process trusts, or of PUBLIC_URL", async () => {
    expect(
      await status({
        host: "localhost:8080",
        tamper: ({ headers }) => {
          headers.Host = "10.0.0.1:8084";
        },
      }),
    ).toBe("200 undefined");
    const forwarded = (name: string): Signing => ({
      host: "queue.example.org",
      tamper: ({ headers }) =>
        Object.assign(headers, { Host: "internal:80", "X-Forwarded-Host": name, "X-Forwarded-Proto": "https" }),
    });
    const created = await call({ Action: "CreateQueue", QueueName: "proxied" }, forwarded("queue.example.org"));
    expect(valuesOf(created, "QueueUrl")[0]).toMatch(/^https:\/\/queue\.example\.org\/queue\/sqs\/\d{12}\/proxied$/);
    expect(await status(forwarded("queue.example.org:443"))).toBe("200 undefined");
    expect(await status(forwarded("other.example.org"))).toBe("403 SignatureDoesNotMatch");
  });

  test("cover the body, the query, the path and the headers", async () => {
    const changes: Record<string, Signing["tamper"]> = {
      body: (signed) => {
        signed.body = signed.body.replace("ListQueues", "CreateQueu");
      },
      path: (signed) => {
        signed.path = "/queue/sqs/000000000000/other";
      },
      host: ({ headers }) => {
        headers.Host = "other.example.org";
      },
      date: ({ headers }) => {
        headers["X-Amz-Date"] = new Date()
          .toISOString()
          .replace(/[-:]|\.\d+/g, "")
          .replace(/.Z$/, "0Z");
      },
      "a target that is not signed": ({ headers }) => {
        headers["X-Amz-Target"] = "AmazonSQS.ListQueues";
      },
      "a digest of another body": ({ headers }) => {
        headers["X-Amz-Content-Sha256"] = "0".repeat(64);
      },
      signature: ({ headers }) => {
        headers.Authorization = headers.Authorization?.replace(/[0-9a-f]{64}$/, "0".repeat(64)) ?? "";
      },
    };
    for (const [name, tamper] of Object.entries(changes)) {
      const answer = await call(list, { tamper });
      expect([name, answer.status, /SignatureDoesNotMatch|InvalidSignature/.test(answer.text)]).toEqual([
        name,
        403,
        true,
      ]);
    }
  });

  test("of the wrong service, secret, key or time, and requests without one", async () => {
    expect(await status({ service: "s3" })).toBe("403 SignatureDoesNotMatch");
    const otherDigest = { "X-Amz-Content-Sha256": "0".repeat(64) };
    const answer = await call(list, { headers: otherDigest });
    expect([codeOf(answer), answer.text]).toEqual([
      "403 SignatureDoesNotMatch",
      expect.stringContaining("digest of the body"),
    ]);
    expect(await status({}, { ...credentials, secretAccessKey: "wrong" })).toBe("403 SignatureDoesNotMatch");
    expect(await status({}, { ...credentials, accessKeyId: "QKUNKNOWNUNKNOWN2345" })).toBe("403 InvalidClientTokenId");
    const at = (ms: number) => ({ "X-Amz-Date": new Date(Date.now() + ms).toISOString().replace(/[-:]|\.\d+/g, "") });
    expect(await status({ headers: at(14 * 60_000) })).toBe("200 undefined");
    expect(await status({ headers: at(-14 * 60_000) })).toBe("200 undefined");
    expect(await status({ headers: at(16 * 60_000) })).toBe("400 RequestExpired");
    expect(await status({ headers: at(-16 * 60_000) })).toBe("400 RequestExpired");
    const unsigned = { method: "POST", path: "/queue/sqs", headers: { "X-Amz-Target": "AmazonSQS.ListQueues" } };
    const json = await send(unsigned, "{}");
    expect([json.status, json.headers["x-amzn-query-error"]]).toEqual([403, "MissingAuthenticationToken;Sender"]);
    expect(JSON.parse(json.text).__type).toMatch(/#MissingAuthenticationTokenException$/);
    const bearer = await send({ ...unsigned, headers: { Authorization: sqs.queue.people.plain.bearer } });
    expect(codeOf(bearer)).toBe("400 IncompleteSignature");
  });
});
