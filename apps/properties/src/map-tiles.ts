import { z } from "zod";

/** Where the tiles of the map come from. */
export interface MapTiles {
  /** The URL of a tile, with `{z}`, `{x}` and `{y}` in it, and perhaps `{s}` and `{r}`. */
  url: string;
  /** Their origin as a Content-Security-Policy names it: `https://*.tiles.example.org`. */
  origin: string;
  /** What is said of where they come from, and what that links to. */
  attribution: { text: string; href: string | undefined } | undefined;
}

const placeholders = ["{z}", "{x}", "{y}", "{s}", "{r}"];

/** Why a text is no URL of tiles. */
function tilesFault(text: string): string | undefined {
  const given = text.match(/\{[^{}]*\}?|\}/g) ?? [];
  const [, host = "", path = ""] = /^https?:\/\/([^/?#]*)(.*)$/s.exec(text) ?? [];
  if (host === "" || !URL.canParse(withoutSubdomain(text))) return "must be an http:// or https:// URL";
  const url = new URL(withoutSubdomain(text));
  if (url.username !== "" || url.password !== "")
    return "must not have a user or a password: browsers would not send them";
  if (!placeholders.slice(0, 3).every((one) => path.includes(one))) return "must have {z}, {x} and {y} in its path";
  // The policy of the page names the host.
  if (!/^(\[[\da-f:]+\]|[\w.-]+)(:\d+)?$/i.test(url.host)) return "must have a host name or an address";
  const unknown = given.find((one) => !placeholders.includes(one));
  if (unknown !== undefined) return "may have {z}, {x}, {y}, {s} and {r} only";
  const dot = host.indexOf(".");
  const isMisplaced = host.includes("{s}") && (dot === -1 || host.slice(dot).includes("{s}"));
  if (path.includes("{s}") || isMisplaced || /\{[zxyr]\}/.test(host)) {
    return "may have {s} before the first dot of its host only, and the others after the host";
  }
  return undefined;
}

function withoutSubdomain(text: string): string {
  return text.replaceAll("{s}", "s");
}

/** The setting MAP_TILES_URL. */
export const tilesUrl = z.string().superRefine((text, context) => {
  const message = tilesFault(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/** The setting MAP_ATTRIBUTION: a text, and perhaps the URL that it links to. */
export const attributionText = z
  .string()
  .max(300, "must have 300 characters or fewer")
  .regex(/^(?!https?:)(?=.*\p{L})[^\p{Cc}]*$/u, "must be one line of text, which a URL may follow");

/** Where the tiles come from by the settings; undefined without any. */
export function mapTiles(given: {
  MAP_TILES_URL?: string | undefined;
  MAP_ATTRIBUTION?: string | undefined;
}): MapTiles | undefined {
  const { MAP_TILES_URL: url, MAP_ATTRIBUTION: said } = given;
  if (url === undefined) return undefined;
  const { protocol, host } = new URL(withoutSubdomain(url));
  const hasSubdomains = url.includes("{s}");
  const [, text = "", href] = /^(.*?)(?:\s+(https?:\/\/\S+))?$/.exec(said?.trim() ?? "") ?? [];
  return {
    url,
    origin: `${protocol}//${hasSubdomains ? `*${host.slice(host.indexOf("."))}` : host}`,
    attribution: text === "" ? undefined : { text, href },
  };
}
