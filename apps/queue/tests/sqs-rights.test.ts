import * as sqs from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { callerOf, type Right } from "../src/commands/caller.ts";
import { putAccess } from "../src/queues/access.ts";
import { putQueue } from "../src/queues/queues.ts";
import { settingsInputSchema, withDefaults } from "../src/queues/settings.ts";
import { actions } from "../src/sqs/actions/actions.ts";
import { openSqs, type SqsServer } from "./sqs-server.ts";

let server: SqsServer;
const clients: Record<string, sqs.SQSClient> = {};
beforeAll(async () => {
  server = await openSqs({ settings: { QUEUE_ACCOUNT_MAX_QUEUES: "1000" } });
  const { plain, other, staff } = server.queue.people;
  for (const [name, as] of Object.entries({ plain, other, staff })) clients[name] = await server.client(as);
});
afterAll(() => server[Symbol.asyncDispose]());

const receipt = `${crypto.randomUUID()}${"x".repeat(22)}`;
const entry = { Id: "a", ReceiptHandle: receipt, VisibilityTimeout: 1 };

/** Each action on a queue, the right that it needs, and its input beside the queue. */
const rights: Record<string, [right: Right, input?: object]> = {
  AddPermission: ["manage", { Label: "l", AWSAccountIds: ["1"], Actions: ["SendMessage"] }],
  ChangeMessageVisibility: ["receive", { ReceiptHandle: receipt, VisibilityTimeout: 1 }],
  ChangeMessageVisibilityBatch: ["receive", { Entries: [entry] }],
  CreateQueue: ["read"],
  DeleteMessage: ["receive", { ReceiptHandle: receipt }],
  DeleteMessageBatch: ["receive", { Entries: [{ Id: "a", ReceiptHandle: receipt }] }],
  DeleteQueue: ["manage"],
  GetQueueAttributes: ["read", { AttributeNames: ["All"] }],
  GetQueueUrl: ["read"],
  ListDeadLetterSourceQueues: ["read"],
  ListMessageMoveTasks: ["read"],
  ListQueueTags: ["read"],
  PurgeQueue: ["manage"],
  ReceiveMessage: ["receive"],
  RemovePermission: ["manage", { Label: "l" }],
  SendMessage: ["send", { MessageBody: "x" }],
  SendMessageBatch: ["send", { Entries: [{ Id: "a", MessageBody: "x" }] }],
  StartMessageMoveTask: ["receive"],
  SetQueueAttributes: ["manage", { Attributes: { DelaySeconds: "1" } }],
  TagQueue: ["manage", { Tags: { a: "b" } }],
  UntagQueue: ["manage", { TagKeys: ["a"] }],
};

const call = (client: sqs.SQSClient | undefined, action: string, input: object): Promise<object> => {
  const Command = Reflect.get(sqs, `${action}Command`) as new (input: object) => never;
  return client ? client.send(new Command(input)) : Promise.reject(new Error("There is no such client."));
};

it("every action has a decided right", () => {
  // The one lists the queues that the caller may read, the other needs the handle of a task: see sqs-move-tasks.test.ts.
  const others = ["ListQueues", "CancelMessageMoveTask"];
  expect([...actions.keys()].filter((name) => !others.includes(name) && !(name in rights))).toEqual([]);
});

describe.each(Object.entries(rights))("%s", (action, [right, input]) => {
  it.each(["owner", "send", "receive", "manage", "nobody"])("by %s", async (who) => {
    const { deps, people } = server.queue;
    const owner = callerOf(people.plain.account);
    const name = `${action}-${who}`;
    const access = { send: [], receive: [], manage: [], ...(who !== "nobody" && { [who]: [people.other.account.id] }) };
    await putQueue(deps, name, withDefaults(settingsInputSchema.parse({})), owner);
    if (who in { send: 1, receive: 1, manage: 1 }) await putAccess(deps, name, access, owner);
    const client = who === "owner" ? clients.plain : clients.other;
    const queue = /^(?:CreateQueue|GetQueueUrl)$/.test(action)
      ? { QueueName: name }
      : action.includes("MoveTask")
        ? { SourceArn: `arn:aws:sqs:eu-central-1:000000000001:${name}` }
        : { QueueUrl: `${server.endpoint}/000000000001/${name}` };
    const outcome = await call(client, action, { ...queue, ...input }).then(
      () => "done",
      (error: Error) => error.name,
    );
    const allowed = who === "owner" || who === right || (right === "read" && who !== "nobody");
    // Some fail for another reason: there is no such receipt, or label.
    if (allowed) expect(outcome).not.toBe("AccessDenied");
    // That the source is no dead-letter queue is found first.
    else
      expect(outcome).toBe(
        action === "StartMessageMoveTask" && who !== "nobody" ? "InvalidParameterValue" : "AccessDenied",
      );
  });
});

it("what staff changes in this protocol is in the audit log, and what it sends is not", async () => {
  const logged = vi.spyOn(server.queue.people.auth, "beginAction");
  const input = { QueueUrl: `${server.endpoint}/000000000001/of-staff` };
  for (const client of [clients.staff, clients.plain]) {
    await call(client, "CreateQueue", { QueueName: client === clients.staff ? "of-staff" : "of-plain" });
    await call(client, "SendMessage", { ...input, MessageBody: "x" });
  }
  await call(clients.staff, "PurgeQueue", input);
  await expect(call(clients.staff, "RemovePermission", { ...input, Label: "none" })).rejects.toThrow("label");
  const actorId = server.queue.people.staff.account.id;
  expect(logged.mock.calls.map(([{ actorId, route, path }]) => ({ actorId, route, path }))).toEqual(
    ["CreateQueue", "PurgeQueue", "RemovePermission"].map((action) => {
      return { actorId, route: `/queue/sqs ${action}`, path: "/queue/sqs/of-staff" };
    }),
  );
});
