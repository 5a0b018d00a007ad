import { cards, counted, duration, type Html, plural, shownTime, size } from "@quintet/pages";
import { html } from "hono/html";
import type { RedriveTask } from "../commands/redrive-commands.ts";
import type { MinuteOfQueue } from "../figures/rates.ts";
import type { Allowed, QueueAccess } from "../queues/access.ts";
import type { QueueDetails } from "../queues/queues.ts";
import { home, queuePath } from "./frame.ts";
import { ratePlots } from "./rate-plots.ts";

export interface QueueShown {
  queue: QueueDetails;
  minutes: MinuteOfQueue[];
  /** The last one that runs or ran as a task. */
  redrive: RedriveTask | undefined;
  allowed: Allowed;
  isStaff: boolean;
}

/** One queue: its messages by state, its last hour, its counters and settings, and what may be done with it. */
export function queuePage({ queue, minutes, redrive, allowed, isStaff }: QueueShown): Html {
  const { name } = queue;
  return html`<p class="back"><a href="${home}">Queues</a></p>
      <h1>${name}</h1>
      <div data-refresh="5" data-live-part="queue">
        ${states(queue, allowed)}
        ${redrive === undefined ? "" : redriveState(queue.name, redrive, allowed)}
        ${actions(queue.name, allowed)}
        <section class="part" aria-labelledby="hour"><h2 id="hour">The last hour</h2>${ratePlots(name, minutes)}</section>
        <section class="part" aria-labelledby="flow"><h2 id="flow">Since it was created</h2>${flow(queue)}</section>
      </div>
      <section class="part" aria-labelledby="settings"><h2 id="settings">Settings</h2>${settings(queue)}</section>
      <section class="part" aria-labelledby="access"><h2 id="access">Access</h2>${access(queue)}${accessActions(name, allowed.manage, isStaff)}</section>`;
}

function actions(name: string, { send, receive, manage }: Allowed): Html {
  const path = queuePath(name);
  const action = (what: string, label: string, look = "quiet") =>
    html` <a class="button ${look}" href="${path}/actions/${what}">${label}</a>`;
  return html`<p class="actions">
          ${send ? action("send", "Send a message", "") : ""}
          ${receive ? html` <a class="button quiet" href="${path}/messages">Messages</a> <a class="button quiet" href="${path}/subscriptions">Webhooks</a>` : ""}
          ${receive ? action("redrive", "Redrive") : ""}
          ${manage ? html`${action("settings", "Change settings")}${action("purge", "Purge", "quiet danger")}${action("delete", "Delete", "quiet danger")}` : ""}
        </p>`;
}

const meanings = {
  ready: "can be received now",
  blocked: "wait for an earlier message of their group",
  delayed: "wait for the end of their delay",
  leased: "were received and not acked yet",
  dead: "were received too often",
  moving: "are on the way to another queue",
};

function states(queue: QueueDetails, allowed: Allowed): Html {
  const counts: Record<string, number> = { ...queue.counts };
  const known = Object.keys(meanings) as (keyof typeof meanings)[];
  const { oldestAgeSeconds, bytes } = queue;
  const present = known.filter((state) => (counts[state] ?? 0) > 0 || state === "ready");
  const oldest =
    oldestAgeSeconds === null ? "" : html` The oldest has been available for ${duration(oldestAgeSeconds)}.`;
  return html`<p class="lead">${plural(queue.counts.length, "message")}, ${size(bytes)}.${oldest}${deadLetters(queue)}</p>
        ${cards(
          present.map((state) => ({
            title: `${counted(counts[state] ?? 0)} ${state}`,
            id: `state-${state}`,
            body: html`<p class="hint">${meanings[state]}</p>`,
            ...(allowed.receive && {
              links: [
                { label: "Show", of: `${state} messages`, href: `${queuePath(queue.name)}/messages?state=${state}` },
              ],
            }),
          })),
        )}`;
}

/** How far a redrive is, or how it ended. */
function redriveState(name: string, { id, state, moved, of, error }: RedriveTask, { receive }: Allowed): Html {
  const cancel = html` <a href="${queuePath(name)}/redrives/${id}/cancel">Cancel the redrive</a>`;
  const text = `The last redrive ${state === "running" ? "is running" : `${state === "completed" ? "has completed" : state === "failed" ? "has failed" : "was cancelled"}`}: ${counted(moved)} of ${counted(of)} moved.`;
  return html`<p>${text}${error === undefined ? "" : html` ${error}`}${receive && state === "running" ? cancel : ""}</p>`;
}

function deadLetters({ deadLetterQueue, deadLetters }: QueueDetails): Html | "" {
  if (deadLetterQueue === null) return "";
  const number = deadLetters === null ? "" : html`, which has ${plural(deadLetters, "message")}`;
  return html` Dead letters go to <a href="${queuePath(deadLetterQueue)}">${deadLetterQueue}</a>${number}.`;
}

const events = {
  sent: "Sent",
  movedIn: "Moved in",
  received: "Received",
  acked: "Acked",
  expired: "Expired",
  purged: "Purged or cancelled",
  movedOut: "Moved out",
} as const;

function flow({ flow, createdAt }: QueueDetails): Html {
  const entries = Object.entries(events) as [keyof typeof events, string][];
  return html`<dl class="facts">
          ${entries.map(([event, label]) => html`<dt>${label}</dt><dd>${counted(flow[event])}</dd>`)}
          <dt>Created</dt><dd>${shownTime(createdAt)}</dd>
        </dl>`;
}

/** Fields of a queue that are no settings. */
const noSettings = new Set([
  "name",
  "createdAt",
  "counts",
  "flow",
  "moving",
  "deadLetters",
  "bytes",
  "oldestAgeSeconds",
  "owner",
  "access",
]);

/** The name of a setting in words: `maxReceives` is "Max receives"; seconds stand at the value. */
export function settingLabel(name: string): string {
  const words = name
    .replace(/Seconds$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace("-letter", " letter");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function settings(queue: QueueDetails): Html {
  const shown = Object.entries(queue).filter(([name]) => !noSettings.has(name));
  return html`<dl class="facts">
        ${shown.map(([name, value]) => html`<dt>${settingLabel(name)}</dt><dd>${settingValue(name, value)}</dd>`)}
      </dl>`;
}

function settingValue(name: string, value: unknown): string | Html {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return name.endsWith("Seconds") ? duration(value) : counted(value);
  return String(value);
}

const rights: [right: keyof QueueAccess, label: string][] = [
  ["send", "May send"],
  ["receive", "May receive"],
  ["manage", "May manage"],
];

function access({ owner, access }: QueueDetails): Html {
  const grantees = (right: keyof QueueAccess) =>
    access[right].map((one) => (typeof one === "number" ? `account ${one}` : one)).join(", ");
  return html`<dl class="facts">
        <dt>Owner</dt><dd>${owner === null ? "Staff" : `Account ${owner}`}</dd>
        ${rights.map(([right, label]) => html`<dt>${label}</dt><dd>${grantees(right) || "The owner and staff only"}</dd>`)}
      </dl>`;
}

function accessActions(name: string, mayManage: boolean, isStaff: boolean): Html | "" {
  if (!mayManage) return "";
  const path = `${queuePath(name)}/actions`;
  return html`<p class="actions">
        <a class="button quiet" href="${path}/access">Change access</a>${isStaff ? html` <a class="button quiet" href="${path}/owner">Change owner</a>` : ""}
      </p>`;
}
