import { accountNumber, nameInArn, queueArn } from "./addresses.ts";
import { attributeField, largestMessageBytes } from "./queue-rules.ts";
import { SqsError } from "./sqs-error.ts";

/** The attributes of a queue by their SQS names, as texts. */
export type QueueAttributes = Record<string, string>;

/** Where a number is stored, its bounds, and its default. */
interface NumberAttribute {
  field: string;
  min: number;
  max: number;
  byDefault: number;
}

const own = (name: string, min: number, max: number, byDefault: number): NumberAttribute => ({
  field: attributeField(name),
  ...{ min, max, byDefault },
});

const numbers: Record<string, NumberAttribute> = {
  VisibilityTimeout: { field: "visibilitySeconds", min: 0, max: 43_200, byDefault: 30 },
  MaximumMessageSize: own("MaximumMessageSize", 1024, largestMessageBytes, largestMessageBytes),
  MessageRetentionPeriod: { field: "retentionSeconds", min: 60, max: 1_209_600, byDefault: 345_600 },
  DelaySeconds: { field: "delaySeconds", min: 0, max: 900, byDefault: 0 },
  ReceiveMessageWaitTimeSeconds: own("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
};

/** Attributes of FIFO queues with a choice, the first by default. */
const choices: Record<string, string[]> = {
  DeduplicationScope: ["queue", "messageGroup"],
  FifoThroughputLimit: ["perQueue", "perMessageGroupId"],
};

const counts = {
  ApproximateNumberOfMessages: ({ ready, blocked }: QueueCounts) => ready + blocked,
  ApproximateNumberOfMessagesNotVisible: ({ leased }: QueueCounts) => leased,
  ApproximateNumberOfMessagesDelayed: ({ delayed }: QueueCounts) => delayed,
};

export interface QueueCounts {
  ready: number;
  blocked: number;
  delayed: number;
  leased: number;
}

const readOnly = ["QueueArn", "CreatedTimestamp", "LastModifiedTimestamp", ...Object.keys(counts)];
const encryption = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];
const settable = [
  ...Object.keys(numbers),
  ...Object.keys(choices),
  ...["RedrivePolicy", "RedriveAllowPolicy", "Policy", "FifoQueue", "ContentBasedDeduplication"],
  ...encryption,
];
const known = new Set([...readOnly, ...settable, "All"]);

/** The field with the time of the last change by SQS, ms. */
const modifiedField = attributeField("LastModified");

/** Where dead letters go, and after how many receives; null for nowhere. */
export type RedrivePolicy = { deadLetterQueue: string; maxReceives: number } | null;

/** A change of a queue: fields of its settings, and what more than one key is needed for. */
export interface AttributeChange {
  fields: Record<string, string | number>;
  /** `undefined` to leave it. */
  redrive: RedrivePolicy | undefined;
  policy: string | undefined;
}

/** Reads attributes that are set. Throws `InvalidAttributeName` or `InvalidAttributeValue`. `isNew` tells that the queue is created. */
export function readQueueAttributes(
  given: QueueAttributes,
  { isFifo, isNew }: { isFifo: boolean; isNew: boolean },
): AttributeChange {
  const change: AttributeChange = { fields: {}, redrive: undefined, policy: undefined };
  const isForFifo = (name: string) => name === "ContentBasedDeduplication" || Object.hasOwn(choices, name);
  for (const [name, value] of Object.entries(given)) {
    if (!settable.includes(name) || (isForFifo(name) && !isFifo)) throw unknownAttribute(name);
    const number = numbers[name];
    const options = choices[name];
    if (number) {
      change.fields[number.field] = readNumber(name, value, number);
    } else if (options) {
      if (!options.includes(value)) throw invalidValue(name, `Must be one of ${options.join(", ")}.`);
      change.fields[attributeField(name)] = value;
    } else if (name === "FifoQueue") {
      checkFifo(value, { isFifo, isNew });
    } else if (name === "ContentBasedDeduplication") {
      if (value !== "true" && value !== "false") throw invalidValue(name, "Must be true or false.");
      change.fields.dedupeByContent = value === "true" ? 1 : 0;
    } else if (name === "RedrivePolicy") {
      change.redrive = readRedrivePolicy(value, isFifo);
    } else if (name === "RedriveAllowPolicy") {
      change.fields[attributeField(name)] = readRedriveAllowPolicy(value);
    } else if (name === "Policy") {
      change.policy = value;
    } else {
      refuseEncryption(name, value);
    }
  }
  if (
    change.fields[attributeField("FifoThroughputLimit")] === "perMessageGroupId" &&
    given.DeduplicationScope === "queue"
  ) {
    throw invalidValue("FifoThroughputLimit", "perMessageGroupId requires the DeduplicationScope messageGroup.");
  }
  change.fields[modifiedField] = Date.now();
  return change;
}

function readNumber(name: string, value: string, { min, max }: NumberAttribute): number {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw invalidValue(name, `Must be between ${min} and ${max}.`);
}

function checkFifo(value: string, { isFifo, isNew }: { isFifo: boolean; isNew: boolean }): void {
  if (value === String(isFifo) && isFifo) return;
  if (!isNew && isFifo) throw invalidValue("FifoQueue", "Modifying queue type is not supported.");
  if (isNew && value === "true") {
    throw new SqsError(
      "InvalidParameterValue",
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
    );
  }
  throw unknownAttribute("FifoQueue");
}

function readRedrivePolicy(value: string, isFifo: boolean): RedrivePolicy {
  if (value === "") return null;
  const invalid = (reason: string) =>
    new SqsError("InvalidParameterValue", `Value ${value} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  const policy = parseObject(value);
  if (!policy) throw invalid("Redrive policy is not a valid JSON map.");
  const { deadLetterTargetArn, maxReceiveCount } = policy;
  if (deadLetterTargetArn === undefined)
    throw invalid("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.");
  if (maxReceiveCount === undefined)
    throw invalid("Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  const deadLetterQueue = nameInArn(String(deadLetterTargetArn));
  if (deadLetterQueue === undefined) throw invalid("Invalid value for deadLetterTargetArn.");
  const maxReceives = /^\d{1,5}$/.test(String(maxReceiveCount)) ? Number(maxReceiveCount) : 0;
  if (maxReceives < 1 || maxReceives > 1000) {
    throw invalid(
      `Invalid value for maxReceiveCount: ${maxReceiveCount}, valid values are from 1 to 1000 both inclusive.`,
    );
  }
  if (deadLetterQueue.endsWith(".fifo") !== isFifo) {
    throw invalid("Dead-letter queue must be same type of queue as the source.");
  }
  return { deadLetterQueue, maxReceives };
}

const permissions = ["allowAll", "denyAll", "byQueue"];

/** Which queues may name one as their dead-letter queue. */
function readRedriveAllowPolicy(value: string): string {
  if (value === "") return "";
  const policy = parseObject(value);
  const { redrivePermission = "allowAll", sourceQueueArns = [] } = policy ?? {};
  const sources = Array.isArray(sourceQueueArns) ? sourceQueueArns : [undefined];
  const isByQueue = redrivePermission === "byQueue";
  if (
    !policy ||
    !permissions.includes(String(redrivePermission)) ||
    sources.length > 10 ||
    sources.length > 0 !== isByQueue ||
    !sources.every((arn) => typeof arn === "string" && nameInArn(arn) !== undefined)
  ) {
    const forms = "redrivePermission allowAll or denyAll, or byQueue with 1 to 10 sourceQueueArns";
    throw invalidValue("RedriveAllowPolicy", `Must be a JSON map of ${forms}.`);
  }
  return JSON.stringify(isByQueue ? { redrivePermission, sourceQueueArns: sources } : { redrivePermission });
}

/** Whether a `RedriveAllowPolicy` allows a queue to send its dead letters. */
export function allowsSource(policy: string | undefined, source: string): boolean {
  const { redrivePermission = "allowAll", sourceQueueArns = [] } = parseObject(policy ?? "") ?? {};
  if (redrivePermission === "allowAll") return true;
  return redrivePermission === "byQueue" && (sourceQueueArns as string[]).some((arn) => nameInArn(arn) === source);
}

/** Messages are as encrypted as Redis and its disks are; a promise beyond that would be empty. */
function refuseEncryption(name: string, value: string): void {
  if (value === "" || value === "false") return;
  throw invalidValue(name, "Encryption by the queue is not supported: encrypt the disks of Redis.");
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What is shown of a queue. */
export interface ShownQueue {
  name: string;
  region: string;
  counts: QueueCounts;
  /** The fields of its settings. */
  settings: Record<string, string>;
  /** Its `Policy`, when it has one. */
  policy: string | undefined;
}

/** The attributes of a queue by these names; all of them for `All`. Throws `InvalidAttributeName` for an unknown one. */
export function showQueueAttributes(queue: ShownQueue, names: string[]): QueueAttributes {
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownAttribute(unknown);
  const all = allAttributes(queue);
  if (names.includes("All")) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

function allAttributes({ name, region, counts: found, settings, policy }: ShownQueue): QueueAttributes {
  const shown: QueueAttributes = { QueueArn: queueArn(region, settings.owner, name) };
  for (const [key, count] of Object.entries(counts)) shown[key] = String(count(found));
  const createdAt = Number(settings.createdAt);
  shown.CreatedTimestamp = inSeconds(createdAt);
  shown.LastModifiedTimestamp = inSeconds(Number(settings[modifiedField] ?? createdAt));
  for (const [key, { field, byDefault }] of Object.entries(numbers)) shown[key] = settings[field] ?? String(byDefault);
  if (settings.deadLetterQueue) {
    shown.RedrivePolicy = JSON.stringify({
      // The owner of that queue is not known here; the name alone identifies it.
      deadLetterTargetArn: `arn:aws:sqs:${region}:${accountNumber(settings.owner)}:${settings.deadLetterQueue}`,
      maxReceiveCount: Number(settings.maxReceives),
    });
  }
  const allow = settings[attributeField("RedriveAllowPolicy")];
  if (allow) shown.RedriveAllowPolicy = allow;
  if (policy !== undefined) shown.Policy = policy;
  if (name.endsWith(".fifo")) {
    shown.FifoQueue = "true";
    shown.ContentBasedDeduplication = settings.dedupeByContent === "1" ? "true" : "false";
    for (const [key, [first = ""]] of Object.entries(choices)) shown[key] = settings[attributeField(key)] ?? first;
  }
  shown.SqsManagedSseEnabled = "false";
  return shown;
}

/** The attribute in which existing settings differ from those that a `CreateQueue` wants. */
export function differingAttribute(existing: QueueAttributes, wanted: QueueAttributes): string | undefined {
  return Object.keys(wanted).find((name) => {
    if (name === "RedrivePolicy") {
      const [a, b] = [existing[name], wanted[name]].map((policy) => parseObject(policy ?? "") ?? {});
      return (
        nameInArn(String(a?.deadLetterTargetArn ?? "")) !== nameInArn(String(b?.deadLetterTargetArn ?? "")) ||
        String(a?.maxReceiveCount ?? "") !== String(b?.maxReceiveCount ?? "")
      );
    }
    if (name === "RedriveAllowPolicy") return (existing[name] ?? "") !== readRedriveAllowPolicy(wanted[name] ?? "");
    return existing[name] !== undefined && existing[name] !== wanted[name];
  });
}

function inSeconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}

function unknownAttribute(name: string): SqsError {
  return new SqsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
}

function invalidValue(name: string, reason: string): SqsError {
  return new SqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}. Reason: ${reason}`);
}
