import type { Html } from "@quintet/pages";
import { html, raw } from "hono/html";
import type { SeenPrice } from "../properties/prices.ts";
import { dayText, priceText } from "./property-texts.ts";

/** The prices of a property, latest first: as a chart, when there are several, and as a table. `more` when there are older ones. */
export function priceHistory(prices: readonly SeenPrice[], more: boolean, now = new Date()): Html {
  const [latest] = prices;
  if (latest === undefined || prices.length === 1) {
    const since = latest?.since ? html`since ${dayText(latest.since)}` : html`as long as it is known`;
    return html`<p>${priceText(latest?.price ?? null)} <span class="hint">${since}</span></p>`;
  }
  return html`${priceChart(prices, now)}
              <div class="table grid prices" role="region" aria-label="Prices" tabindex="0"><table>
                <thead><tr><th scope="col">Since</th><th scope="col" class="number">Price</th><th scope="col" class="number">Change</th></tr></thead>
                <tbody>
                  ${prices.map(
                    ({ price, since }, at) =>
                      html`<tr><th scope="row">${since ? dayText(since) : "Before"}</th><td class="number">${priceText(price)}</td><td class="number">${changeText(price, prices[at + 1]?.price ?? null)}</td></tr>
                  `,
                  )}
                </tbody>
              </table></div>
              ${more ? html`<p class="hint below">Older prices are in the API.</p>` : ""}`;
}

/** How much a price differs from the one before: `−3.5%`. */
function changeText(price: number | null, before: number | null): string {
  if (price === null || before === null || before === 0) return "";
  const percent = ((price - before) / before) * 100;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(digits)}%`;
}

const [width, height] = [400, 100];
/** How much of the width a price has that was there before the first known time. */
const beforeShare = 0.08;

/** A line of steps: a price holds until the next one. Nothing is drawn while there is no price. */
function priceChart(latestFirst: readonly SeenPrice[], now: Date): Html {
  const prices = latestFirst.toReversed();
  const known = prices.flatMap(({ price }) => price ?? []);
  const times = prices.flatMap(({ since }) => since?.getTime() ?? []);
  const first = Math.min(...times, now.getTime());
  if (known.length < 2) return html``;
  const [lowest, highest] = [Math.min(...known), Math.max(...known)];
  const left = prices[0]?.since === null ? width * beforeShare : 0;
  const x = (at: number) => left + ((at - first) / Math.max(1, now.getTime() - first)) * (width - left);
  const y = (price: number) => height - ((price - lowest) / Math.max(1, highest - lowest)) * height;
  const round = (number: number) => Math.round(number * 10) / 10;
  const steps = prices.map(({ price, since }, at) => {
    if (price === null) return undefined;
    const from = since ? x(since.getTime()) : 0;
    const next = prices[at + 1]?.since;
    return { from, to: next ? x(next.getTime()) : width, y: y(price), joins: at > 0 && prices[at - 1]?.price !== null };
  });
  const path = steps.map((one) => one && `${one.joins ? "V" : `M${round(one.from)} `}${round(one.y)}H${round(one.to)}`);
  const about = `From ${priceText(known[0] ?? null)} to ${priceText(known.at(-1) ?? null)}; lowest ${priceText(lowest)}, highest ${priceText(highest)}`;
  return html`<figure class="plot price-chart">
                <figcaption class="scale">${priceText(highest)}</figcaption>
                <svg viewBox="0 -3 ${width} ${height + 6}" preserveAspectRatio="none" role="img" aria-label="${about}">
                  <line class="ground" x1="0" x2="${width}" y1="0" y2="0"/><line class="ground" x1="0" x2="${width}" y1="${height}" y2="${height}"/>
                  <path class="line" d="${raw(path.filter((part) => part !== undefined).join(""))}"/>
                </svg>
                <p class="scale">${priceText(lowest)}</p>
                <p class="scale ends"><span>${dayText(new Date(first))}</span><span>today</span></p>
              </figure>`;
}
