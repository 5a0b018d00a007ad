import { decodeCursor, encodeCursor, Problem } from "@quintet/http";
import { deleteQueue, purgeQueue, putQueue } from "../../queues/queues.ts";
import { queueNameSchema, settingsInputSchema, withDefaults } from "../../queues/settings.ts";
import { accountNumber, nameInUrl, queueUrl } from "../addresses.ts";
import { invalidParameter, required, within } from "../inputs.ts";
import { labelField, readPolicy } from "../permissions.ts";
import { integer, list, map, text } from "../protocol/shapes.ts";
import { differingAttribute, readQueueAttributes } from "../queue-attributes.ts";
import { tagField } from "../queue-rules.ts";
import { SqsError } from "../sqs-error.ts";
import { nonExistentQueue } from "../to-sqs-error.ts";
import { type ActionContext, action, command } from "./action.ts";
import { attributesOf, checkRedrive, replacePolicy } from "./attributes.ts";
import { checkTags, tagsShape } from "./tags.ts";

const maxListed = 1000;
const urls = list("QueueUrl", text);

export const CreateQueue = action(
  { QueueName: text, Attributes: map(["Attribute", "Name", "Value"], text), tags: tagsShape },
  { QueueUrl: text },
  async (context, { QueueName, Attributes = {}, tags = {} }) => {
    const name = checkName(required("QueueName", QueueName));
    const isFifo = name.endsWith(".fifo");
    const change = readQueueAttributes(Attributes, { isFifo, isNew: true });
    if (isFifo && Attributes.FifoQueue !== "true") throw invalidName();
    const { redrive, policy } = change;
    checkTags(tags, {});
    const permissions = policy === undefined ? [] : readPolicy(policy);
    const { deps, caller, commands } = context;
    if (!(await commands.check(name, "read"))) {
      await checkRedrive(context, name, redrive, Attributes.RedrivePolicy);
      const fields = { ...change.fields };
      for (const [key, value] of Object.entries(tags)) fields[tagField(key)] = value;
      for (const one of permissions) fields[labelField(one.label)] = JSON.stringify(one);
      const settings = withDefaults(
        settingsInputSchema.parse({
          deadLetterQueue: redrive?.deadLetterQueue ?? null,
          maxReceives: redrive?.maxReceives ?? null,
          // As in AWS: what is returned comes back at once.
          backoffSeconds: 0,
        }),
      );
      const created = await putQueue(deps, name, settings, caller, fields);
      deps.sqs.rules.forget(name);
      if (created) {
        if (policy !== undefined) await replacePolicy(context, name, [], permissions);
        return { QueueUrl: await urlOf(context, name) };
      }
    }
    const different = differingAttribute(await attributesOf(context, name, ["All"]), Attributes);
    if (different === undefined) return { QueueUrl: await urlOf(context, name) };
    const message = `A queue already exists with the same name and a different value for attribute ${different}`;
    throw new SqsError("QueueNameExists", message);
  },
);

export const GetQueueUrl = action(
  { QueueName: text, QueueOwnerAWSAccountId: text },
  { QueueUrl: text },
  async (context, { QueueName, QueueOwnerAWSAccountId }) => {
    const url = await urlOf(context, checkName(required("QueueName", QueueName)));
    const owner = url.split("/").at(-2);
    if (QueueOwnerAWSAccountId !== undefined && accountNumber(QueueOwnerAWSAccountId) !== owner)
      throw nonExistentQueue();
    return { QueueUrl: url };
  },
);

export const ListQueues = action(
  { QueueNamePrefix: text, MaxResults: integer, NextToken: text },
  { QueueUrls: urls, NextToken: text },
  async (context, { QueueNamePrefix: prefix = "", MaxResults, NextToken }) => {
    within("MaxResults", MaxResults, [1, maxListed], `Must be between 1 and ${maxListed}.`);
    const { deps, caller } = context;
    const after = NextToken === undefined ? beforePrefix(prefix) : readToken(context, NextToken);
    const max = MaxResults ?? maxListed;
    const { names, last } = await deps.registry.readableNames(caller, { after, max: max + 1 });
    const fitting = names.filter((name) => name.startsWith(prefix));
    const listed = fitting.slice(0, max);
    const isOver = fitting.length < names.length;
    const next = fitting.length > max ? listed.at(-1) : isOver ? undefined : last;
    return pageOf(context, listed, next);
  },
);

export const ListDeadLetterSourceQueues = action(
  { QueueUrl: text, MaxResults: integer, NextToken: text },
  // Its name is spelled like this in the API.
  { queueUrls: urls, NextToken: text },
  async (context, { QueueUrl, MaxResults = maxListed, NextToken }) => {
    within("MaxResults", MaxResults, [1, maxListed], `Must be between 1 and ${maxListed}.`);
    const name = nameInUrl(required("QueueUrl", QueueUrl));
    if (!(await context.commands.check(name, "read"))) throw nonExistentQueue();
    const after = NextToken === undefined ? "" : readToken(context, NextToken);
    const sources = (await context.deps.sqs.commands.sourcesOf(name)).filter((source) => source > after);
    const next = sources.length > MaxResults ? sources[MaxResults - 1] : undefined;
    const { QueueUrls = [], NextToken: token } = await pageOf(context, sources.slice(0, MaxResults), next);
    return { queueUrls: QueueUrls, NextToken: token };
  },
);

export const DeleteQueue = command({ QueueUrl: text }, async ({ deps, caller }, { QueueUrl }) => {
  const name = nameInUrl(required("QueueUrl", QueueUrl));
  await deleteQueue(deps, name, caller).catch((error: unknown) => {
    if (error instanceof Problem && error.code === "conflict")
      throw new SqsError("UnsupportedOperation", error.message);
    throw error;
  });
  deps.sqs.rules.forget(name);
});

export const PurgeQueue = command({ QueueUrl: text }, ({ deps, caller }, { QueueUrl }) =>
  purgeQueue(deps, nameInUrl(required("QueueUrl", QueueUrl)), caller),
);

async function urlOf({ commands, origin }: ActionContext, name: string): Promise<string> {
  const access = await commands.access(name);
  if (!access) throw nonExistentQueue();
  return queueUrl(origin, access.owner, name);
}

/** The URLs of queues; one that was deleted meanwhile, or that the caller may not read, is left out. */
async function pageOf(context: ActionContext, names: string[], next: string | undefined) {
  const found = await Promise.all(
    names.map((name) =>
      urlOf(context, name).catch((error: unknown) => {
        if (error instanceof SqsError || (error as { code?: unknown }).code === "forbidden") return undefined;
        throw error;
      }),
    ),
  );
  return {
    QueueUrls: found.filter((url) => url !== undefined),
    NextToken: next === undefined ? undefined : encodeCursor(context.deps.cursorKey, next),
  };
}

/** The last possible name before all that begin with a prefix; no name has a tilde. */
function beforePrefix(prefix: string): string | undefined {
  if (prefix === "") return undefined;
  const last = prefix.length - 1;
  return `${prefix.slice(0, last)}${String.fromCharCode(prefix.charCodeAt(last) - 1)}~`;
}

function readToken({ deps }: ActionContext, token: string): string {
  try {
    return decodeCursor(deps.cursorKey, token, queueNameSchema);
  } catch {
    throw invalidParameter("NextToken", token.slice(0, 100), "Invalid or expired next token.");
  }
}

function checkName(name: string): string {
  if (queueNameSchema.safeParse(name).success) return name;
  throw invalidName();
}

function invalidName(): SqsError {
  return new SqsError(
    "InvalidParameterValue",
    "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length. The name of a FIFO queue ends with .fifo, and has the attribute FifoQueue.",
  );
}
