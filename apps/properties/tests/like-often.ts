import { connectMysql } from "@quintet/db";
import { likeProperty, unlikeProperty } from "../src/likes/likes.ts";
import { openDatabase } from "../src/open-database.ts";

// A process that has accounts like and unlike properties, all at the same time, for a test that kills it. PROPERTIES are their ids; CHANGES
// is how many changes each of 100 accounts makes. Each change that is made is a line of the output.
const url = process.env.MYSQL_URL ?? "";
const ids = (process.env.PROPERTIES ?? "").split(",").map(Number);
const pool = connectMysql(url);
await using db = openDatabase(pool, url);

async function changeOften(account: number): Promise<void> {
  for (let i = 0; i < Number(process.env.CHANGES); i++) {
    const id = ids[(account + i * i) % ids.length] ?? 0;
    await ((account + i) % 3 > 0 ? likeProperty : unlikeProperty)(db, account, id);
    console.log(account, id);
  }
}

await Promise.all(Array.from({ length: 100 }, (_, account) => changeOften(account)));
await pool.end();
