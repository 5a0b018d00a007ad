import { type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { MapTiles } from "../map-tiles.ts";
import type { Property } from "../properties/property.ts";
import { featuresText } from "./features.ts";
import { propertyPath } from "./frame.ts";
import { priceText, titleOf } from "./property-texts.ts";

interface MapShown {
  properties: readonly Property[];
  tiles: MapTiles | undefined;
  /** The id of what comes after the map, for those who skip it. */
  skipTo: string;
  /** The `bbox` of the search, and whether what is seen can be searched. */
  search?: { box: string | undefined };
  /** The property whose page this is, among others. */
  here?: number;
}

/** What a page with a map needs beside it. */
export function mapFiles(tiles: MapTiles | undefined) {
  return { scripts: ["map.js" as const], styles: ["map.css" as const], imagesFrom: tiles?.origin };
}

/** Whether a map has something to show: a place, or the box that was searched. */
export function hasMap(properties: readonly Pick<Property, "lat" | "lon">[], box?: string): boolean {
  return box !== undefined || properties.some(isPlaced);
}

/** The places of properties on a map, which a script shows; without it nothing is there. */
export function mapOf({ properties, tiles, skipTo, search, here }: MapShown): Html {
  const places = properties.filter(isPlaced).map((property) => placeOf(property, here));
  const unplaced = properties.length - places.length;
  return html`<section class="map-part" aria-labelledby="map" data-map hidden data-places="${JSON.stringify(places)}"${tiles ? html` data-tiles="${tiles.url}"` : ""}${search?.box ? html` data-box="${search.box}"` : ""}>
            <div class="map-head">
              <h2 id="map">Map</h2>
              ${search ? html`<button class="button quiet small" type="button" data-map-search>Search in this area</button>` : ""}
            </div>
            <a class="skip-map" href="#${skipTo}">Skip the map</a>
            <div class="map-view" data-map-view role="region" aria-label="Map of ${plural(places.length, "property", "properties")}"></div>
            ${search && unplaced > 0 ? html`<p class="hint">${plural(unplaced, "property", "properties")} of this page ${unplaced === 1 ? "has" : "have"} no place on the map.</p>` : ""}
            ${tiles?.attribution ? html`<template>${attribution(tiles.attribution)}</template>` : ""}
          </section>`;
}

function attribution({ text, href }: NonNullable<MapTiles["attribution"]>): Html {
  return href === undefined ? html`${text}` : html`<a href="${href}">${text}</a>`;
}

function isPlaced({ lat, lon }: Pick<Property, "lat" | "lon">): boolean {
  return lat !== undefined && lon !== undefined && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
}

/** A place as `map.js` takes it. */
function placeOf(property: Property, here: number | undefined) {
  const { id, lat, lon, price, city } = property;
  return {
    ...{ lat, lon, href: propertyPath(id), title: titleOf(property), city: city ?? "" },
    ...{ price: priceText(price), short: shortPrice(price), about: featuresText(property) },
    ...(id === here ? { here: true } : {}),
  };
}

const units: [number, string][] = [
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
];

/** A price in three digits: `$420M`, `$1.24B`. */
export function shortPrice(price: number | null): string {
  if (price === null) return "?";
  const [size, letter] = units.find(([one]) => price >= one) ?? [1, ""];
  return `$${Number((price / size).toPrecision(3))}${letter}`;
}
