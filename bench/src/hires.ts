import { once } from "node:events";
import { createWriteStream } from "node:fs";

export const departments = 12;
export const jobs = 183;

const first = ["Ana", "Luis", "Harold", "Ty", "Lyman", "Zoë", "Siobhán", "Mário", "Keiko", "Olga"];
const last = ["Vogt", "Hofer", "Hadye", "Núñez", "O'Neil", "Smith", "Ibáñez", "Tanaka", "Müller", "Quispe"];

/**
 * Writes `count` hires as CSV, always the same ones. With `iso`, times are in the format of the API
 * (`2021-11-07T02:48:42Z`), otherwise in MySQL's own.
 */
export async function writeHires(path: string, count: number, iso: boolean): Promise<void> {
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  let lines = "";
  for (let id = 1; id <= count; id++) {
    const time = new Date(Date.UTC(2021, 0, 1) + ((id * 7919) % 63_072_000) * 1000).toISOString();
    const when = iso ? `${time.slice(0, 19)}Z` : `${time.slice(0, 10)} ${time.slice(11, 19)}`;
    const name = `${first[(id * 3) % 10]} ${last[(id * 7 + (id >> 4)) % 10]}`;
    lines += `${id},${name},${when},${(id % departments) + 1},${(id % jobs) + 1}\n`;
    if (lines.length > 1 << 18) {
      if (!out.write(lines)) await once(out, "drain");
      lines = "";
    }
  }
  out.end(lines);
  await once(out, "finish");
}
