import { area, bars, greatest, type Html, line, plot, type Series } from "@quintet/pages";
import { html } from "hono/html";
import { type Figures, stepsShown } from "./traffic.ts";

/** The last 15 minutes of an app as three small plots, each with its latest value. */
export function plots(app: string, figures: Figures): Html {
  const { rate, median, p99, failures } = figures;
  if (rate.every((value) => value === undefined)) {
    return html`<p class="hint">No figures yet: the first come ten seconds after the start.</p>`;
  }
  const common = (about: string) => ({ about: `${about} ${app} in the last 15 minutes`, steps: stepsShown });
  const slowest = greatest(p99);
  return html`<div class="plots">
          ${plot({
            ...common("Requests to"),
            label: "Requests",
            value: perSecond(rate.at(-1) ?? 0),
            max: highest(rate, perSecond),
            marks: [area(rate, greatest(rate))],
          })}
          ${plot({
            ...common("Latency of"),
            label: html`Latency <span class="line-solid">p50</span> <span class="line-dashed">p99</span>`,
            value: median.at(-1) === undefined ? "no requests" : `${duration(median.at(-1))} · ${duration(p99.at(-1))}`,
            max: highest(p99, duration),
            marks: [line(p99, slowest, { dashed: true }), line(median, slowest)],
          })}
          ${plot({
            ...common("Errors of"),
            label: "Errors (5xx)",
            value: perSecond(failures.at(-1) ?? 0),
            max: highest(failures, perSecond),
            marks: [bars(failures, greatest(failures))],
          })}
        </div>`;
}

function highest(values: Series, shown: (value: number) => string): string {
  return values.every((value) => value === undefined) ? "–" : shown(greatest(values));
}

function perSecond(value: number): string {
  return `${rounded(value)}/s`;
}

function duration(ms: number | undefined): string {
  if (ms === undefined) return "–";
  return ms < 1000 ? `${rounded(ms)} ms` : `${rounded(ms / 1000)} s`;
}

function rounded(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(2)));
}
