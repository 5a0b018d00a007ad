import { nameInUrl } from "../addresses.ts";
import { invalidParameter, required } from "../inputs.ts";
import { list, map, text } from "../protocol/shapes.ts";
import { tagField, tagOf } from "../queue-rules.ts";
import { nonExistentQueue } from "../to-sqs-error.ts";
import { type ActionContext, action, command } from "./action.ts";

const maxTags = 50;

export const tagsShape = map(["Tag", "Key", "Value"], text);

export const TagQueue = command({ QueueUrl: text, Tags: tagsShape }, async (context, { QueueUrl, Tags }) => {
  const name = nameInUrl(required("QueueUrl", QueueUrl));
  const tags = required("Tags", Tags);
  const { deps, caller } = context;
  checkTags(tags, await readTags(context, name));
  const set = Object.fromEntries(Object.entries(tags).map(([key, value]) => [tagField(key), value]));
  if (!(await deps.sqs.commands.change(name, caller, { set }))) throw nonExistentQueue();
});

export const UntagQueue = command(
  { QueueUrl: text, TagKeys: list("TagKey", text) },
  async ({ deps, caller }, { QueueUrl, TagKeys }) => {
    const name = nameInUrl(required("QueueUrl", QueueUrl));
    const remove = required("TagKeys", TagKeys).map(tagField);
    if (!(await deps.sqs.commands.change(name, caller, { remove }))) throw nonExistentQueue();
  },
);

export const ListQueueTags = action({ QueueUrl: text }, { Tags: tagsShape }, async (context, { QueueUrl }) => {
  const tags = await readTags(context, nameInUrl(required("QueueUrl", QueueUrl)));
  return Object.keys(tags).length === 0 ? {} : { Tags: tags };
});

async function readTags({ commands }: ActionContext, queue: string): Promise<Record<string, string>> {
  const state = await commands.refresh(queue);
  if (!state) throw nonExistentQueue();
  return Object.fromEntries(
    Object.entries(state.settings).flatMap(([field, value]) => {
      const key = tagOf(field);
      return key === undefined ? [] : [[key, value]];
    }),
  );
}

/** Throws `InvalidParameterValue` for tags that are too long, or too many with the existing ones. */
export function checkTags(tags: Record<string, string>, existing: Record<string, string>): void {
  for (const [key, value] of Object.entries(tags)) {
    if (key === "" || key.length > 128)
      throw invalidParameter("Tag.Key", key.slice(0, 130), "Must be 1 to 128 in length.");
    if (value.length > 256) throw invalidParameter("Tag.Value", value.slice(0, 260), "Must be at most 256 in length.");
  }
  const count = Object.keys({ ...existing, ...tags }).length;
  if (count > maxTags) throw invalidParameter("Tags", count, `A queue has at most ${maxTags} tags.`);
}
