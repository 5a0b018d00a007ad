import { nameInUrl } from "../addresses.ts";
import { invalidParameter, required } from "../inputs.ts";
import { permissionsOf, readPermission } from "../permissions.ts";
import { list, text } from "../protocol/shapes.ts";
import { nonExistentQueue } from "../to-sqs-error.ts";
import { type ActionContext, command } from "./action.ts";
import { replacePolicy } from "./attributes.ts";

export const AddPermission = command(
  {
    QueueUrl: text,
    Label: text,
    AWSAccountIds: list("AWSAccountId", text),
    Actions: list("ActionName", text),
  },
  async (context, { QueueUrl, Label, AWSAccountIds, Actions }) => {
    const queue = nameInUrl(required("QueueUrl", QueueUrl));
    const label = required("Label", Label);
    const permission = readPermission(label, required("AWSAccountIds", AWSAccountIds), required("Actions", Actions));
    const existing = await readPermissions(context, queue);
    if (existing.some((one) => one.label === label)) throw invalidParameter("Label", label, "Already exists.");
    await replacePolicy(context, queue, existing, [...existing, permission]);
  },
);

export const RemovePermission = command({ QueueUrl: text, Label: text }, async (context, { QueueUrl, Label }) => {
  const queue = nameInUrl(required("QueueUrl", QueueUrl));
  const label = required("Label", Label);
  const existing = await readPermissions(context, queue);
  const left = existing.filter((one) => one.label !== label);
  if (left.length === existing.length) throw invalidParameter("Label", label, "can't find label.");
  await replacePolicy(context, queue, existing, left);
});

async function readPermissions({ commands }: ActionContext, queue: string) {
  if (!(await commands.check(queue, "manage"))) throw nonExistentQueue();
  const state = await commands.refresh(queue);
  if (!state) throw nonExistentQueue();
  return permissionsOf(state.settings);
}
