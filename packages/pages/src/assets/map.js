/**
 * A map in each `data-map`, of the places in `data-places` (`{lat, lon, href, title, short, about, city, here}`, JSON). What is close together is one point
 * with its number. `data-tiles` is the URL of its tiles, without which the points are on a plain ground with the names of their cities;
 * `data-box` the box that was searched, and a `data-map-search` button searches the one that is seen. Texts are never read as HTML. Without
 * this file the part stays hidden.
 */
import {
  control,
  map as createMap,
  divIcon,
  featureGroup,
  GridLayer,
  latLngBounds,
  marker,
  tileLayer,
} from "leaflet/dist/leaflet-src.esm.js";

/** Points that are closer, in pixels, are one. */
const closeTogether = 46;
/** No tiles are needed beyond. */
const maxZoom = 18;

/** An element with a class and these texts or elements. */
function element(name, className, ...content) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

/** A ground without tiles, whose grid moves with the map. */
const PlainGround = GridLayer.extend({ createTile: () => element("div", "map-ground") });

/** What is said of a place when its point is chosen. */
function placeText({ href, title, price, about }) {
  const link = element("a", "", title);
  link.href = href;
  return element("div", "map-place", element("strong", "price", price), link, element("span", "hint", about));
}

/** Groups of places that are close together in the current view; each has its centre in pixels. */
function grouped(map, places) {
  const groups = [];
  for (const place of places) {
    const at = map.project([place.lat, place.lon]);
    const group = groups.find((one) => one.centre.distanceTo(at) < closeTogether);
    if (group) group.places.push(place);
    else groups.push({ centre: at, places: [place] });
  }
  return groups;
}

function pinOf(places) {
  const [place] = places;
  if (places.length === 1) {
    const text = element("span", place.here ? "map-pin here" : "map-pin", place.short);
    return [text, element("span", "hidden", ` ${place.title}`)];
  }
  const cities = [...new Set(places.map(({ city }) => city))];
  const where = cities.length === 1 ? ` in ${cities[0]}` : "";
  const kind = places.some(({ here }) => here) ? "map-pin several here" : "map-pin several";
  return [element("span", kind, String(places.length)), element("span", "hidden", ` properties${where}`)];
}

/** The city that most of these places are in. */
function cityOf(places) {
  const cities = [...Map.groupBy(places, ({ city }) => city)].toSorted(
    ([, some], [, others]) => others.length - some.length,
  );
  return cities[0]?.[0] ?? "";
}

/** Draws the points of the current zoom in `layer`; with `named` each city has its name once, at its largest group. */
function drawPoints({ map, layer, places, named }) {
  layer.clearLayers();
  const said = new Set();
  const groups = grouped(map, places).toSorted((one, other) => other.places.length - one.places.length);
  for (const { centre, places: some } of groups) {
    const city = named ? cityOf(some) : "";
    const name = said.has(city) ? "" : city;
    said.add(city);
    const bounds = latLngBounds(some.map(({ lat, lon }) => [lat, lon]));
    const icon = divIcon({
      html: element("div", "map-point", ...pinOf(some), element("span", "map-city", name)),
      className: "map-icon",
      iconSize: null,
    });
    const point = marker(map.unproject(centre), { icon, riseOnHover: true }).addTo(layer);
    const { offsetWidth, offsetHeight, style } = point.getElement();
    style.margin = `${-offsetHeight / 2}px 0 0 ${-offsetWidth / 2}px`;
    const canSplit = map.getZoom() < maxZoom && map.getBoundsZoom(bounds) > map.getZoom();
    if (some.length > 1 && canSplit) point.on("click", () => map.fitBounds(bounds, { padding: [50, 50], maxZoom }));
    else
      point.bindPopup(() => element("div", "map-places", ...some.map(placeText)), { maxHeight: 220, offset: [0, -8] });
  }
}

/** The popup gets the focus when it opens, and its point when it closes. */
function moveFocus(map, view) {
  view.addEventListener("keydown", ({ key }) => key === "Escape" && map.closePopup());
  map.on("popupopen", ({ popup }) => popup.getElement().querySelector("a[href]")?.focus({ preventScroll: true }));
  map.on("popupclose", ({ popup }) => {
    if (!popup.getElement().contains(document.activeElement) && document.activeElement !== document.body) return;
    (popup._source?.getElement() ?? view).focus({ preventScroll: true });
  });
}

/** The box that is seen, as the search has it: `minLat,minLon,maxLat,maxLon`, across the antimeridian with minLon > maxLon. */
function boxOf(bounds) {
  const lat = (value) => Math.min(90, Math.max(-90, value)).toFixed(5);
  const lon = (value) => (((((value + 180) % 360) + 360) % 360) - 180).toFixed(5);
  const isWhole = bounds.getEast() - bounds.getWest() >= 360;
  const [west, east] = isWhole ? ["-180", "180"] : [lon(bounds.getWest()), lon(bounds.getEast())];
  return [lat(bounds.getSouth()), west, lat(bounds.getNorth()), east].join(",");
}

function searchIn(map) {
  const url = new URL(location.href);
  for (const name of ["cursor", "near"]) url.searchParams.delete(name);
  if (url.searchParams.get("sort") === "distance") url.searchParams.delete("sort");
  url.searchParams.set("bbox", boxOf(map.getBounds()));
  location.assign(url);
}

function showMap(part) {
  const { places: text, tiles, box } = part.dataset;
  const view = part.querySelector("[data-map-view]");
  const [south, west, north, east] = box ? box.split(",").map(Number) : [];
  const isAcross = west > east;
  const places = JSON.parse(text).map((place) =>
    isAcross && place.lon < west ? { ...place, lon: place.lon + 360 } : place,
  );
  part.hidden = false;
  const map = createMap(view, { maxZoom, minZoom: 2, scrollWheelZoom: false, zoomSnap: 0.5 });
  map.attributionControl.setPrefix(false);
  if (tiles) tileLayer(tiles, { maxZoom, referrerPolicy: "strict-origin-when-cross-origin" }).addTo(map);
  else new PlainGround().addTo(map);
  const attribution = part.querySelector("template")?.innerHTML;
  if (attribution) map.attributionControl.addAttribution(attribution);
  control.scale({ imperial: false }).addTo(map);
  const bounds = box
    ? latLngBounds([south, west], [north, isAcross ? east + 360 : east])
    : latLngBounds(places.map(({ lat, lon }) => [lat, lon]));
  map.fitBounds(bounds, box ? {} : { padding: [40, 40], maxZoom: 14 });
  const points = featureGroup().addTo(map);
  const draw = () => drawPoints({ map, layer: points, places, named: !tiles });
  draw();
  map.on("zoomend", draw);
  moveFocus(map, view);
  // The wheel scrolls the page until the map is used.
  map.on("focus click", () => map.scrollWheelZoom.enable());
  map.on("blur", () => map.scrollWheelZoom.disable());
  const button = part.querySelector("[data-map-search]");
  button?.addEventListener("click", () => searchIn(map));
}

for (const part of document.querySelectorAll("[data-map]")) showMap(part);
