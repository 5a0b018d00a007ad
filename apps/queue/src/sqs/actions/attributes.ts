import { getAccess, putAccess } from "../../queues/access.ts";
import { toQueueView } from "../../queues/queues.ts";
import { nameInUrl } from "../addresses.ts";
import { required } from "../inputs.ts";
import { grant, labelField, type Permission, permissionsOf, policyOf, readPolicy, withdraw } from "../permissions.ts";
import { list, map, text } from "../protocol/shapes.ts";
import {
  allowsSource,
  type QueueAttributes,
  type RedrivePolicy,
  readQueueAttributes,
  showQueueAttributes,
} from "../queue-attributes.ts";
import { attributeField } from "../queue-rules.ts";
import { SqsError } from "../sqs-error.ts";
import { nonExistentQueue } from "../to-sqs-error.ts";
import { type ActionContext, action, command } from "./action.ts";

const attributesShape = map(["Attribute", "Name", "Value"], text);

export const GetQueueAttributes = action(
  { QueueUrl: text, AttributeNames: list("AttributeName", text) },
  { Attributes: attributesShape },
  async (context, { QueueUrl, AttributeNames = [] }) => {
    const attributes = await attributesOf(context, nameInUrl(required("QueueUrl", QueueUrl)), AttributeNames);
    return Object.keys(attributes).length === 0 ? {} : { Attributes: attributes };
  },
);

export const SetQueueAttributes = command(
  { QueueUrl: text, Attributes: attributesShape },
  async (context, { QueueUrl, Attributes }) => {
    const name = nameInUrl(required("QueueUrl", QueueUrl));
    const given = required("Attributes", Attributes);
    const { deps, caller, commands } = context;
    if (!(await commands.check(name, "manage"))) throw nonExistentQueue();
    const change = readQueueAttributes(given, { isFifo: name.endsWith(".fifo"), isNew: false });
    const { redrive, policy } = change;
    const permissions = policy === undefined ? undefined : readPolicy(policy);
    const fields = { ...change.fields };
    if (redrive !== undefined) {
      await checkRedrive(context, name, redrive, given.RedrivePolicy);
      const deadLetterQueue = redrive?.deadLetterQueue ?? null;
      // The registry first, as when settings are put: it decides whether the two fit.
      const registered = await deps.registry.register(name, {
        ...{ deadLetterQueue, caller },
        maxQueues: deps.limits.maxQueues,
      });
      if (typeof registered === "string")
        throw invalidRedrive(given.RedrivePolicy, `The dead-letter queue is ${registered}.`);
      Object.assign(fields, { deadLetterQueue: deadLetterQueue ?? "", maxReceives: redrive?.maxReceives ?? "" });
    }
    if (!(await deps.sqs.commands.change(name, caller, { set: fields }))) throw nonExistentQueue();
    if (permissions !== undefined) {
      const state = await commands.refresh(name);
      await replacePolicy(context, name, permissionsOf(state?.settings ?? {}), permissions);
    }
    deps.sqs.rules.forget(name);
  },
);

/** The attributes of a queue. Throws `QueueDoesNotExist`, or `InvalidAttributeName` for an unknown name. */
export async function attributesOf(
  { commands, region }: ActionContext,
  name: string,
  names: string[],
): Promise<QueueAttributes> {
  const state = await commands.refresh(name);
  if (!state) throw nonExistentQueue();
  const { settings } = state;
  const policy = policyOf(permissionsOf(settings), { region, owner: settings.owner, name });
  return showQueueAttributes({ name, region, settings, policy, counts: toQueueView(name, state).counts }, names);
}

/** Throws `InvalidParameterValue` for a dead-letter queue that does not exist, or whose RedriveAllowPolicy does not allow this queue. */
export async function checkRedrive(
  { deps }: ActionContext,
  name: string,
  redrive: RedrivePolicy | undefined,
  given: string | undefined,
): Promise<void> {
  if (!redrive) return;
  const found = await deps.sqs.commands.fields(redrive.deadLetterQueue, [attributeField("RedriveAllowPolicy")]);
  if (!found) throw invalidRedrive(given, "Dead letter target does not exist.");
  if (!allowsSource(found[0], name))
    throw invalidRedrive(given, "The RedriveAllowPolicy of the dead-letter queue does not allow this queue.");
}

function invalidRedrive(given: string | undefined, reason: string): SqsError {
  return new SqsError(
    "InvalidParameterValue",
    `Value ${given} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
  );
}

/** Replaces the permissions of a queue, and what follows from them: the rights of accounts. */
export async function replacePolicy(
  { deps, caller }: ActionContext,
  name: string,
  old: Permission[],
  permissions: Permission[],
): Promise<void> {
  const { owner: _, ...access } = await getAccess(deps, name, caller);
  const without = old.reduce((left, one) => withdraw(left, one, []), access);
  await putAccess(deps, name, permissions.reduce(grant, without), caller);
  const set = Object.fromEntries(permissions.map((one) => [labelField(one.label), JSON.stringify(one)]));
  const remove = old.map(({ label }) => labelField(label)).filter((field) => set[field] === undefined);
  if (!(await deps.sqs.commands.change(name, caller, { set, remove }))) throw nonExistentQueue();
}
