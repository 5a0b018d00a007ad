import { area, counted, greatest, type Html, line, plot } from "@quintet/pages";
import { html } from "hono/html";
import { keptMinutes } from "../commands/figure-commands.ts";
import type { MinuteOfQueue } from "../figures/rates.ts";

type Rate = "sent" | "received" | "acked" | "length";

/** The values of each of the last 60 minutes; undefined for those before the first known one. */
function valuesOf(minutes: MinuteOfQueue[], rate: Rate): (number | undefined)[] {
  const unknown = new Array<undefined>(Math.max(0, keptMinutes - minutes.length)).fill(undefined);
  return [...unknown, ...minutes.map((minute) => minute[rate])];
}

/** The last hour of a queue as plots: what was sent, received and acked in each minute, and how many messages there were. */
export function ratePlots(name: string, minutes: MinuteOfQueue[]): Html {
  if (minutes.length === 0)
    return html`<p class="hint">No figures yet: the first come a minute after the first message.</p>`;
  const one = (rate: Rate, label: string, unit: string) => {
    const values = valuesOf(minutes, rate);
    const max = greatest(values);
    return plot({
      about: `${label} of ${name} in the last hour`,
      label,
      value: `${counted(values.at(-1) ?? 0)}${unit}`,
      max: `${counted(max)}${unit}`,
      steps: keptMinutes,
      marks: [area(values, max)],
    });
  };
  return html`<div class="plots four">
          ${one("length", "Messages", "")}${one("sent", "Sent", "/min")}${one("received", "Received", "/min")}${one("acked", "Acked", "/min")}
        </div>`;
}

/** The last hour of a queue as one small plot for a row of a list: sent, and acked as a dashed line. */
export function rateRow(name: string, minutes: MinuteOfQueue[]): Html {
  if (minutes.length === 0) return html`<span class="hint">No figures yet</span>`;
  const [sent, acked] = [valuesOf(minutes, "sent"), valuesOf(minutes, "acked")];
  const max = Math.max(greatest(sent), greatest(acked));
  const sum = (values: (number | undefined)[]) =>
    counted(values.reduce<number>((total, value) => total + (value ?? 0), 0));
  return plot({
    about: `Sent and acked in ${name} in the last hour`,
    label: html`<span class="line-solid">${sum(sent)} sent</span>, <span class="line-dashed">${sum(acked)} acked</span>`,
    value: "",
    max: `${counted(max)}/min`,
    steps: keptMinutes,
    marks: [area(sent, max), line(acked, max, { dashed: true })],
  });
}
