import { Problem } from "@quintet/http";
import { z } from "zod";
import type { RedriveTask } from "../../commands/redrive-commands.ts";
import { queueNameSchema } from "../../queues/settings.ts";
import { cancelRedrive, listRedrives, startRedrive } from "../../transfers/redrives.ts";
import { nameInArn, queueArn } from "../addresses.ts";
import { invalidParameter, required, within } from "../inputs.ts";
import { integer, list, structure, text } from "../protocol/shapes.ts";
import { SqsError } from "../sqs-error.ts";
import { type ActionContext, action } from "./action.ts";

// A move task is a redrive of the queue: `transfers/redrives.ts`.

const maxPerSecond = 500;
const maxListed = 10;

const statuses = { running: "RUNNING", completed: "COMPLETED", cancelled: "CANCELLED", failed: "FAILED" } as const;

export const StartMessageMoveTask = action(
  { SourceArn: text, DestinationArn: text, MaxNumberOfMessagesPerSecond: integer },
  { TaskHandle: text },
  async (context, { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: perSecond }) => {
    const reason = `Must be between 1 and ${maxPerSecond}.`;
    within("MaxNumberOfMessagesPerSecond", perSecond, [1, maxPerSecond], reason);
    const { deps, caller, commands } = context;
    const source = await existingQueue(context, "SourceArn", SourceArn);
    const to = DestinationArn === undefined ? undefined : nameOf("DestinationArn", DestinationArn);
    if (to !== undefined && !(await commands.check(to, "send"))) throw missingResource("DestinationArn");
    if (!(await deps.registry.isDeadLetterQueue(source))) {
      throw new SqsError("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.");
    }
    try {
      const { id } = await startRedrive(deps, source, { to, perSecond }, caller);
      return { TaskHandle: handleOf(source, id) };
    } catch (error) {
      if (!(error instanceof Problem && error.code === "conflict")) throw error;
      throw new SqsError(
        "UnsupportedOperation",
        "There is already a task running. Only one is allowed for a source queue.",
      );
    }
  },
);

const entryShape = structure({
  TaskHandle: text,
  Status: text,
  SourceArn: text,
  DestinationArn: text,
  MaxNumberOfMessagesPerSecond: integer,
  ApproximateNumberOfMessagesMoved: integer,
  ApproximateNumberOfMessagesToMove: integer,
  FailureReason: text,
  StartedTimestamp: integer,
});

export const ListMessageMoveTasks = action(
  { SourceArn: text, MaxResults: integer },
  { Results: list("ListMessageMoveTasksResultEntry", entryShape) },
  async (context, { SourceArn, MaxResults = 1 }) => {
    within("MaxResults", MaxResults, [1, maxListed], `Must be between 1 and ${maxListed}.`);
    const source = await existingQueue(context, "SourceArn", SourceArn);
    const tasks = (await listRedrives(context.deps, source, context.caller)).slice(0, MaxResults);
    return { Results: await Promise.all(tasks.map((task) => entryOf(context, source, SourceArn, task))) };
  },
);

export const CancelMessageMoveTask = action(
  { TaskHandle: text },
  { ApproximateNumberOfMessagesMoved: integer },
  async ({ deps, caller }, { TaskHandle }) => {
    const [source, id] = readHandle(required("TaskHandle", TaskHandle));
    try {
      const { moved } = await cancelRedrive(deps, source, id, caller);
      return { ApproximateNumberOfMessagesMoved: moved };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "not-found") throw new SqsError("ResourceNotFoundException", "Task does not exist.");
      if (error.code !== "conflict") throw error;
      throw new SqsError("UnsupportedOperation", "Only active tasks can be cancelled.");
    }
  },
);

async function entryOf(context: ActionContext, source: string, SourceArn: string | undefined, task: RedriveTask) {
  const { id, state, to, perSecond, moved, of, error, startedAt } = task;
  return {
    TaskHandle: state === "running" ? handleOf(source, id) : undefined,
    Status: statuses[state],
    SourceArn,
    DestinationArn: to === undefined ? undefined : await arnOf(context, to),
    MaxNumberOfMessagesPerSecond: perSecond,
    ApproximateNumberOfMessagesMoved: moved,
    ApproximateNumberOfMessagesToMove: of,
    FailureReason: error,
    StartedTimestamp: startedAt,
  };
}

/** The ARN of a queue that may be deleted, or that the caller may not read: then without its owner. */
async function arnOf({ commands, region }: ActionContext, name: string): Promise<string> {
  const access = await commands.access(name).catch((error: unknown) => {
    if (error instanceof Problem && error.code === "forbidden") return undefined;
    throw error;
  });
  return queueArn(region, access?.owner, name);
}

/** The name of a queue that exists, by its ARN. */
async function existingQueue({ commands }: ActionContext, parameter: string, arn: string | undefined): Promise<string> {
  const name = nameOf(parameter, required(parameter, arn));
  if (!(await commands.check(name, "read"))) throw missingResource(parameter);
  return name;
}

function nameOf(parameter: string, arn: string): string {
  const name = nameInArn(arn);
  if (name === undefined) throw invalidParameter(parameter, arn.slice(0, 200), "It is no ARN of a queue.");
  return name;
}

function missingResource(parameter: string): SqsError {
  return new SqsError(
    "ResourceNotFoundException",
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
  );
}

const handleSchema = z.tuple([queueNameSchema, z.string()]);

/** The handle of a task: base64 of its queue and its id. */
function handleOf(source: string, id: string): string {
  return Buffer.from(JSON.stringify([source, id])).toString("base64");
}

function readHandle(handle: string): [source: string, id: string] {
  try {
    return handleSchema.parse(JSON.parse(Buffer.from(handle, "base64").toString()));
  } catch {
    throw invalidParameter("TaskHandle", handle.slice(0, 200), "It is no handle of a task.");
  }
}
