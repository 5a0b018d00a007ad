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
