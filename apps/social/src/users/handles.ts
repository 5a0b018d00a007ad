/** The part of a profile that its handle is made of. */
interface Named {
  id: number;
  handle: string | null;
  deletedAt: Date | null;
}

/** The handle of a person, without `@`: the chosen one or `user_<id>`; `null` once the profile is deleted. */
export function handleOf({ id, handle, deletedAt }: Named): string | null {
  if (deletedAt) return null;
  return handle ?? `user_${id}`;
}

/** The id in `user_<id>`; undefined for any other handle. */
export function idInHandle(handle: string): number | undefined {
  const id = Number(/^user_([1-9]\d{0,15})$/i.exec(handle)?.[1]);
  return Number.isSafeInteger(id) ? id : undefined;
}

/** A handle, without `@`. */
export const handlePattern = /^[A-Za-z0-9_]{2,30}$/;

const lookalikes: Record<string, string> = { "0": "o", "1": "l", "5": "s", i: "l" };

/**
 * What a handle has in common with all that may be confused with it: upper and lower case, `0` and `o`, `1`, `l` and `i`, `5` and `s`, `rn` and
 * `m`, `vv` and `w`, with and without `_`.
 */
export function handleKey(handle: string): string {
  return handle
    .toLowerCase()
    .replaceAll("_", "")
    .replace(/[015i]/g, (sign) => lookalikes[sign]!)
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}

/** Words of this service and of its addresses, which no person may seem to be. */
const reserved = new Set(
  `about abuse account accounts admin administrator all anonymous api app auth block blocks bookmarks bot comment comments community
   contact deleted directory docs edit everybody everyone export feed feeds follow followers following handle health help here home
   hot image images inbox info ingest latest legal likes login logout mail mailer me media mention mentions mod moderator mods mute mutes
   new news nobody noreply notification notifications null oauth official openapi outbox owner people person policy post postmaster posts
   privacy profile profiles properties queue quintet register remove report reports restore root rules safety search security self
   settings signin signout signup social staff status stream support suspend system tag tags task tasks team terms top trending undefined
   user users vote votes webfinger webmaster wellknown www you`
    .split(/\s+/)
    .map(handleKey),
);

/** Handles that stand for people without one, by their keys. */
const numbered = /^user[0-9ols]+$/;

/** Why nobody may choose this handle; undefined for one that may be chosen, if it is free. */
export function handleFault(handle: string): string | undefined {
  if (!handlePattern.test(handle)) return "must have 2 to 30 ASCII letters, digits and underscores";
  const key = handleKey(handle);
  if (key === "") return "must have a letter or digit";
  if (numbered.test(key)) return "must not look like user_<number>, which stands for users without a handle";
  if (reserved.has(key)) return "is reserved";
  return undefined;
}
