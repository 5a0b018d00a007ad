import { Cron } from "croner";

const fields = /^(?:@[a-z]{1,10}|\S+(?:\s+\S+){4})$/i;

/** When something recurs: a cron expression of five fields, or a nickname such as `@daily`, in a time zone (IANA name). */
export interface Timing {
  cron: string;
  timeZone: string;
}

/**
 * The first time after `after` (ms since 1970), or undefined when there is none. Around a change of the clocks: a time that does not exist
 * is due when the clocks have gone forward, one that exists twice is due once; what recurs within the hour keeps its rhythm.
 */
export function nextTime({ cron, timeZone }: Timing, after: number): number | undefined {
  return cronOf(cron, timeZone).nextRun(new Date(after))?.getTime();
}

/** What is wrong with a timing: the field and why; undefined when nothing is. */
export function timingFault({ cron, timeZone }: Timing): { path: "cron" | "timeZone"; message: string } | undefined {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    return { path: "timeZone", message: "must be the IANA name of a time zone, such as Europe/Berlin" };
  }
  try {
    if (fields.test(cron)) cronOf(cron, timeZone);
    else return { path: "cron", message: "must have five fields: minute, hour, day of month, month, day of week" };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^\w+: /, "") : "";
    return { path: "cron", message: `is not a cron expression: ${why}` };
  }
  return undefined;
}

function cronOf(cron: string, timeZone: string): Cron {
  return new Cron(cron.replace(/\s+/g, " "), { timezone: timeZone, mode: "5-part" });
}
