import { html, raw } from "hono/html";
import type { Html } from "./html.ts";

/** Values at equal steps of time, the latest last; undefined where nothing is known. */
export type Series = readonly (number | undefined)[];

/** One part of a plot: the path of a line, an area or bars. */
type Mark = string & { readonly mark: unique symbol };

interface Plot {
  /** What a screen reader says of it: "Requests to queue in the last 15 minutes". */
  about: string;
  /** Above the plot, with the latest value. */
  label: string | Html;
  value: string;
  /** The value at the top of the plot. */
  max: string;
  /** How many steps the plot shows. */
  steps: number;
  marks: readonly Mark[];
}

const height = 40;
const stepWidth = 2;

/** A small plot of values over time, with its latest and its greatest value. It needs no script. */
export function plot({ about, label, value, max, steps, marks }: Plot): Html {
  const width = (steps - 1) * stepWidth;
  return html`<figure class="plot">
            <figcaption><span class="label">${label}</span> <strong>${value}</strong></figcaption>
            <svg viewBox="0 -2 ${width} ${height + 4}" preserveAspectRatio="none" role="img" aria-label="${about}: now ${value}, at most ${max}">
              <line class="ground" x1="0" x2="${width}" y1="${height}" y2="${height}"/>${raw(marks.join(""))}
            </svg>
            <p class="scale">max ${max}</p>
          </figure>`;
}

/** The greatest known value, 0 when none is known. */
export function greatest(values: Series): number {
  return Math.max(0, ...values.filter((value) => value !== undefined));
}

/** A line; `max` fills the height of the plot. A `dashed` one can be told from another in the same plot. */
export function line(values: Series, max: number, { dashed = false } = {}): Mark {
  const style = dashed ? "line dashed" : "line";
  return segments(values, max)
    .map((points) => `<path class="${style}" d="${path(points)}"/>`)
    .join("") as Mark;
}

/** A line with the area below it. */
export function area(values: Series, max: number): Mark {
  const filled = segments(values, max).map((points) => {
    const [from, to] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
    return `<path class="area" d="${path(points)}L${to} ${height}L${from} ${height}Z"/>`;
  });
  return (filled.join("") + line(values, max)) as Mark;
}

/** Bars where values are above 0, for what should not happen. */
export function bars(values: Series, max: number): Mark {
  return segments(values, max)
    .flat()
    .filter(([, y]) => y < height)
    .map(([x, y]) => `<path class="bar" d="M${x} ${height}V${Math.min(y, height - 3)}"/>`)
    .join("") as Mark;
}

/** The points of a series, split at its gaps. */
function segments(values: Series, max: number): [number, number][][] {
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
    piece.push([i * stepWidth, Math.round((height - (value / (max || 1)) * height) * 10) / 10]);
  }
  return found;
}

function path(points: [number, number][]): string {
  const [first] = points;
  // A single point would be invisible; it becomes a short dash.
  const drawn = points.length === 1 && first ? [first, [first[0] + 1, first[1]]] : points;
  return `M${drawn.map(([x, y]) => `${x} ${y}`).join("L")}`;
}
