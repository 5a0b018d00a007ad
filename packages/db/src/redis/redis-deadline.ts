import { deadline, isUnavailable } from "@quintet/http";
import type { Redis } from "./client.ts";
import { RedisUnavailable } from "./silence-limit.ts";

/** Runs commands with a deadline; rejects when it passes, or at once while Redis is known to be unavailable. */
export type RunWithDeadline = <T>(work: (redis: Redis) => Promise<T>) => Promise<T>;

/**
 * For commands that a request can do without: each has `deadlineMs` for its reply. After a timeout or a lost connection
 * further commands fail at once, so that only the first requests wait; a ping every `probeMs` detects when Redis
 * responds again. On a cluster each command has the deadline, and one node that is unavailable stops no command of the
 * others; its own fail at once after a second (cluster.ts). `onUnavailable` is called for the first failure. A command
 * that timed out may have been executed.
 */
export function redisWithDeadline(
  redis: Redis,
  {
    deadlineMs = 150,
    probeMs = 250,
    onUnavailable = () => {},
  }: { deadlineMs?: number | undefined; probeMs?: number; onUnavailable?: (error: unknown) => void } = {},
): RunWithDeadline {
  let isAvailable = true;

  const inTime = <T>(reply: Promise<T>) =>
    deadline(reply, deadlineMs, () => {
      throw new RedisUnavailable(`Redis did not respond within ${deadlineMs} ms.`);
    });
  const probe = () => {
    if (redis.status === "end") return;
    inTime(redis.ping()).then(
      () => {
        isAvailable = true;
      },
      () => setTimeout(probe, probeMs).unref(),
    );
  };
  return async (work) => {
    if (!isAvailable && !redis.isCluster) throw new RedisUnavailable("Redis did not respond a moment ago.");
    try {
      const result = await inTime(work(redis));
      if (redis.isCluster) isAvailable = true;
      return result;
    } catch (error) {
      // An error reply is a response: Redis is available.
      const isReply = error instanceof Error && error.name === "ReplyError";
      if (isAvailable && !isReply && isUnavailable(error)) {
        isAvailable = false;
        onUnavailable(error);
        if (!redis.isCluster) setTimeout(probe, probeMs).unref();
      }
      throw error;
    }
  };
}
