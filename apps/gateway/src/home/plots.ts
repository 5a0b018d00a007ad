import type { Html } from "@quintet/pages";
import { html, raw } from "hono/html";
import { type Figures, stepsShown } from "./traffic.ts";

const [width, height] = [(stepsShown - 1) * 2, 40];
type Series = (number | undefined)[];

/** The last 15 minutes of an app as three small plots, each with its latest value. */
export function plots(app: string, figures: Figures): Html {
  const { rate, median, p99, failures } = figures;
  if (rate.every((value) => value === undefined)) {
    return html`<p class="hint">No figures yet: the first come ten seconds after the start.</p>`;
  }
  return html`<div class="plots">
          ${plot(`Requests to ${app}`, "Requests", perSecond(latest(rate) ?? 0), highest(rate, perSecond), [area(rate)])}
          ${plot(
            `Latency of ${app}`,
            html`Latency <span class="line-p50">p50</span> <span class="line-p99">p99</span>`,
            latest(median) === undefined ? "no requests" : `${duration(latest(median))} · ${duration(latest(p99))}`,
            highest(p99, duration),
            [line(p99, p99, "p99"), line(median, p99, "p50")],
          )}
          ${plot(`Errors of ${app}`, "Errors (5xx)", perSecond(latest(failures) ?? 0), highest(failures, perSecond), [bars(failures)])}
        </div>`;
}

function plot(about: string, label: string | Html, value: string, most: string, marks: string[]): Html {
  return html`<figure class="plot">
            <figcaption><span class="label">${label}</span> <strong>${value}</strong></figcaption>
            <svg viewBox="0 -2 ${width} ${height + 4}" preserveAspectRatio="none" role="img" aria-label="${about} in the last 15 minutes: now ${value}, at most ${most}">
              <line class="ground" x1="0" x2="${width}" y1="${height}" y2="${height}"/>${raw(marks.join(""))}
            </svg>
            <p class="scale">max ${most}</p>
          </figure>`;
}

/** The latest value. */
function latest(values: Series): number | undefined {
  return values.at(-1);
}

function highest(values: Series, shown: (value: number | undefined) => string): string {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? "–" : shown(Math.max(...known));
}

/** The points of a series, split at its gaps; the maximum of `scale` fills the height of the plot. */
function segments(values: Series, scale: Series): [number, number][][] {
  const most = Math.max(...scale.map((value) => value ?? 0)) || 1;
  const found: [number, number][][] = [];
  let piece: [number, number][] | undefined;
  for (const [i, value] of values.entries()) {
    if (value === undefined) {
      piece = undefined;
      continue;
    }
    if (piece === undefined) {
      piece = [];
      found.push(piece);
    }
    piece.push([i * 2, Math.round((height - (value / most) * height) * 10) / 10]);
  }
  return found;
}

function path(points: [number, number][]): string {
  const [first] = points;
  // A single point would be invisible; it becomes a short dash.
  const drawn = points.length === 1 && first ? [first, [first[0] + 1, first[1]]] : points;
  return `M${drawn.map(([x, y]) => `${x} ${y}`).join("L")}`;
}

function line(values: Series, scale: Series, name: string): string {
  return segments(values, scale)
    .map((points) => `<path class="line ${name}" d="${path(points)}"/>`)
    .join("");
}

function area(values: Series): string {
  const filled = segments(values, values).map((points) => {
    const [from, to] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
    return `<path class="area" d="${path(points)}L${to} ${height}L${from} ${height}Z"/>`;
  });
  return filled.join("") + line(values, values, "rate");
}

function bars(values: Series): string {
  const tall = segments(values, values)
    .flat()
    .filter(([, y]) => y < height);
  return tall.map(([x, y]) => `<path class="bar" d="M${x} ${height}V${Math.min(y, height - 3)}"/>`).join("");
}

function perSecond(value: number | undefined): string {
  return `${rounded(value ?? 0)}/s`;
}

function duration(ms: number | undefined): string {
  if (ms === undefined) return "–";
  return ms < 1000 ? `${rounded(ms)} ms` : `${rounded(ms / 1000)} s`;
}

function rounded(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(2)));
}
