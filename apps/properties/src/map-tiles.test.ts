import { expect, it } from "vitest";
import { attributionText, mapTiles, tilesUrl } from "./map-tiles.ts";

it.each([
  ["https://tile.example.org/{z}/{x}/{y}.png", "https://tile.example.org"],
  ["https://{s}.tile.example.org:8443/{z}/{x}/{y}{r}.png?key=a", "https://*.tile.example.org:8443"],
  ["http://tiles-{s}.example.org/{z}/{x}/{y}", "http://*.example.org"],
  ["http://127.0.0.1:8090/{z}/{x}/{y}.png", "http://127.0.0.1:8090"],
])("admits images of the origin of %s alone", (url, origin) => {
  expect(tilesUrl.safeParse(url).success).toBe(true);
  expect(mapTiles({ MAP_TILES_URL: url })?.origin).toBe(origin);
});

it.each([
  "!",
  "/tiles/{z}/{x}/{y}.png",
  "https://{z}/{x}/{y}",
  "https://tile.example.org/{z}/{x}.png",
  "https://tile.example.org/{z}/{x}/{y}/{key}",
  "https://tile.example.org/{z}/{x}/{y}/{",
  "https://tile.{s}.org/{z}/{x}/{y}",
  "https://{s}/{z}/{x}/{y}",
  "https://tile.example.org/{s}/{z}/{x}/{y}",
  "https://user:password@tile.example.org/{z}/{x}/{y}",
  "https://a.org; script-src *//{z}/{x}/{y}",
  "https://a.org;x/{z}/{x}/{y}",
  "ftp://tile.example.org/{z}/{x}/{y}",
])("refuses the tiles %s", (url) => {
  expect(tilesUrl.safeParse(url).success).toBe(false);
});

it("reads an attribution with its link, and refuses what is no text", () => {
  const of = (MAP_ATTRIBUTION: string) => mapTiles({ MAP_TILES_URL: "https://a.org/{z}/{x}/{y}", MAP_ATTRIBUTION });
  const text = "© OpenStreetMap contributors";
  expect(of(`${text} https://osm.org/copyright`)?.attribution).toEqual({ text, href: "https://osm.org/copyright" });
  expect(of(text)?.attribution).toEqual({ text, href: undefined });
  for (const wrong of ["!", "https://osm.org", "a\nb", "a".repeat(301)]) {
    expect([wrong, attributionText.safeParse(wrong).success]).toEqual([wrong, false]);
  }
});
