import type { Auth } from "@quintet/auth";
import { counter, isUnavailable, Problem, toProblem } from "@quintet/http";
import { callerOf } from "../commands/caller.ts";
import type { StoredItem } from "../commands/item-commands.ts";
import type { QueueCommands } from "../commands/queue-commands.ts";
import type { LeaderJob } from "../leader.ts";
import { sendMessages } from "../messages/send.ts";
import { nextTime } from "./cron-times.ts";
import type { Schedule, ScheduleCommands, ScheduleState } from "./schedules.ts";

/** How many schedules are read, and fired in parallel, at once; and for how long one round goes on. */
const batchSize = 50;
const roundMs = 800;
/** When a message that could not be sent is tried again. */
const retryMs = 30_000;

const fired = counter(
  "quintet_queue_schedule_messages_total",
  "Messages of schedules: sent, or failed and tried again.",
  ["outcome"],
);

interface FiringDeps {
  schedules: ScheduleCommands;
  commands: QueueCommands;
  auth: Auth;
}

/**
 * Sends the messages of the schedules that are due. Exactly one message is sent for a due time: the queue records the last time of each
 * schedule in the same step in which it adds the message, so neither a process that is killed between sending and settling, nor two that
 * lead at the same time, send a second one. Times that passed while nobody could send are one message.
 */
export function fireSchedules(deps: FiringDeps, onError: (error: unknown) => void): LeaderJob {
  const { schedules } = deps;
  const fire = async ({ name, item, state = {}, time = 0 }: StoredItem<Schedule, ScheduleState>, now: number) => {
    const due = state.pending ?? time;
    try {
      await send(deps, name, item, due);
    } catch (error) {
      // The next round tries again.
      if (isUnavailable(error)) throw error;
      fired.inc({ outcome: "failed" });
      const { message: detail, status } = toProblem(error);
      if (status >= 500) onError(error);
      const next = now + retryMs;
      return schedules.settle(name, { time, next, state: { ...state, pending: due, error: detail, errorAt: now } });
    }
    fired.inc({ outcome: "sent" });
    const { pending: _, error: __, errorAt: ___, ...rest } = state;
    await schedules.settle(name, { time, next: nextTime(item, Math.max(now, due)), state: { ...rest, firedFor: due } });
  };

  return {
    async round(now) {
      const until = performance.now() + roundMs;
      let due: StoredItem<Schedule, ScheduleState>[];
      do {
        due = await schedules.due(now, batchSize);
        const fired = await Promise.allSettled(due.map((one) => fire(one, now)));
        const failed = fired.find((one) => one.status === "rejected");
        if (failed) throw failed.reason;
      } while (due.length === batchSize && performance.now() < until);
    },
    resign() {},
  };
}

/** Sends the message of a schedule for a due time, in the name of its owner. */
async function send(
  { commands, auth }: FiringDeps,
  name: string,
  { owner, queue, message }: Schedule,
  due: number,
): Promise<void> {
  const account = await auth.activeAccount(owner);
  if (!account) throw new Problem("forbidden", "The account that owns the schedule is not active.");
  const dedupeId = `${name}@${new Date(due).toISOString()}`;
  await sendMessages(commands.as(callerOf(account)), queue, [{ ...message, dedupeId }], {
    series: name,
    number: due,
  });
}
