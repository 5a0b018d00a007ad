import { connectMysql } from "@quintet/db";
import { openDatabase } from "../src/open-database.ts";
import { readSearch } from "../src/routes/saved-search-schemas.ts";
import { notifications } from "../src/saved-searches/notifications.ts";
import { watches } from "../src/saved-searches/watched.ts";

// A process that sends what is new of saved searches to the queue at QUEUE_URL, for a test that kills it.
const url = process.env.MYSQL_URL ?? "";
const db = openDatabase(connectMysql(url), url);
const queue = { url: process.env.QUEUE_URL ?? "", queue: "watch", username: "some", password: "password" };
notifications(db, { queue, seconds: 0, toWatch: watches(db, readSearch), onError: console.error }).start();
setInterval(() => {}, 1000);
