import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createConnection } from "mysql2/promise";
import connectPostgres from "postgres";
import { beforeEach, expect, test } from "vitest";
import { backUp, loadSecrets, restore, type StoreName } from "../src/index.ts";
import { folderForTest, open } from "./open.ts";

const needs: StoreName[] = ["mysql", "postgres", "redis"];
const progress = () => {};
let dataDir: string;
let folder: string;
let other: string;
beforeEach(async () => {
  const base = await folderForTest();
  [dataDir, folder, other] = [join(base, "data"), join(base, "backup"), join(base, "other")];
});

test("restores the stores' data (backed up during writes), the secrets and the files into an empty folder", async () => {
  const { env } = await open(dataDir, needs, { durable: true });
  const { env: secrets } = await loadSecrets(dataDir);
  await mkdir(join(dataDir, "backups/hires"), { recursive: true });
  await writeFile(join(dataDir, "backups/hires/one.avro"), "whole");
  await writeFile(join(dataDir, "backups/hires/.two.draft"), "begun");
  await mkdir(join(dataDir, "backups/uploads"));
  await writeFile(join(dataDir, "backups/uploads/0a1b2c3d"), "half of a file");
  const mysql = await createConnection(env.MYSQL_URL!);
  await mysql.query("CREATE TABLE pairs (n int AUTO_INCREMENT PRIMARY KEY, text varchar(20), bytes varbinary(4))");
  await mysql.query("CREATE TABLE counts (n int)");
  await mysql.query("INSERT INTO pairs VALUES (7, 'ñandú 🙂', x'00ff27')");
  await mysql.query("INSERT INTO counts VALUES (1)");
  // Takes its time in a dump between the other two, so that what is no snapshot differs.
  await mysql.query("CREATE TABLE in_between AS SELECT REPEAT('x', 1000) AS text FROM seq_1_to_30000");
  const postgres = connectPostgres(env.POSTGRES_URL!, { max: 1 });
  await postgres`CREATE EXTENSION pg_trgm`;
  await postgres`CREATE TABLE posts (id bigint GENERATED ALWAYS AS IDENTITY, title text)`;
  await postgres`CREATE INDEX ON posts USING gin (title gin_trgm_ops)`;
  await postgres`INSERT INTO posts (title) VALUES ('ñandú 🙂')`;
  const redis = new Redis(env.REDIS_URL!);
  await redis.rpush("list", "a", Buffer.from([0, 255]));
  await redis.set("leased", "1", "EX", 1_000);

  let over = false;
  const writing = (async () => {
    while (!over) {
      await mysql.beginTransaction();
      await mysql.query("INSERT INTO pairs (text) VALUES ('more')");
      await mysql.query("UPDATE counts SET n = n + 1");
      await mysql.commit();
    }
  })();
  await backUp({ dataDir, folder, env: {}, progress });
  over = true;
  await writing;
  await mysql.end();
  await postgres.end();
  redis.disconnect();
  expect((await readdir(folder)).sort()).toEqual(
    ["backups", "manifest.json", "mariadb.sql", "postgres.dump", "redis.rdb", "secrets.json"].sort(),
  );

  await restore({ dataDir: other, folder, env: {}, progress });
  const restored = await open(other, needs, { durable: true });
  expect(await loadSecrets(other)).toEqual({ firstStart: false, env: secrets });
  expect(await readdir(join(other, "backups/hires"))).toEqual(["one.avro"]);
  expect(await readdir(join(other, "backups"))).toEqual(["hires"]);
  const mysqlAgain = await createConnection(restored.env.MYSQL_URL!);
  const [pairs] = await mysqlAgain.query("SELECT n, text, HEX(bytes) AS bytes FROM pairs WHERE n = 7");
  expect(pairs).toEqual([{ n: 7, text: "ñandú 🙂", bytes: "00FF27" }]);
  const [same] = await mysqlAgain.query("SELECT (SELECT COUNT(*) FROM pairs) = n AS same FROM counts");
  expect(same).toEqual([{ same: 1 }]); // A snapshot: no half of a transaction.
  await mysqlAgain.end();
  const postgresAgain = connectPostgres(restored.env.POSTGRES_URL!, { max: 1 });
  expect(await postgresAgain`INSERT INTO posts (title) VALUES ('next') RETURNING id::int`).toEqual([{ id: 2 }]);
  expect(await postgresAgain`SELECT title FROM posts WHERE title ILIKE '%andú%'`).toEqual([{ title: "ñandú 🙂" }]);
  await postgresAgain.end();
  const redisAgain = new Redis(restored.env.REDIS_URL!);
  expect(await redisAgain.lrangeBuffer("list", 0, -1)).toEqual([Buffer.from("a"), Buffer.from([0, 255])]);
  expect(await redisAgain.ttl("leased")).toBeGreaterThan(500);
  redisAgain.disconnect();
});

test("a restore rejects a folder with data, a damaged backup and an interrupted restore", async () => {
  await open(dataDir, ["redis"], { durable: true });
  await loadSecrets(dataDir);
  const elsewhere = { MYSQL_URL: "mysql://elsewhere/quintet", POSTGRES_URL: "postgres://elsewhere/quintet" };
  const said: string[] = [];
  await backUp({ dataDir, folder, env: elsewhere, progress: (line) => said.push(line) });
  expect(said).toContain(`MariaDB is not stored in ${dataDir}: back it up on its own server`);
  await expect(backUp({ dataDir, folder, env: elsewhere, progress })).rejects.toThrow(/backup already exists/);
  await expect(backUp({ dataDir: other, folder: `${folder}2`, env: {}, progress })).rejects.toThrow(
    /other contains no data/,
  );

  await expect(restore({ dataDir, folder, env: {}, progress })).rejects.toThrow(/secrets\.json already exists/);
  const file = join(folder, "redis.rdb");
  const whole = await readFile(file);
  await writeFile(file, "damaged");
  await expect(restore({ dataDir: other, folder, env: {}, progress })).rejects.toThrow(
    /redis\.rdb does not match the checksum in manifest\.json/,
  );
  await expect(readdir(other)).rejects.toThrow(/ENOENT/);
  await writeFile(file, whole);
  await writeFile(join(folder, "secrets.json"), "cut");
  await expect(restore({ dataDir: other, folder, env: {}, progress })).rejects.toThrow(/secrets\.json is damaged/);
  expect((await readdir(other)).filter((name) => !/^(start|stores)\.(lock|pid)$/.test(name))).toEqual([]);
  await writeFile(join(other, "restoring"), "");
  await expect(open(other, ["redis"])).rejects.toThrow(/A restore into .*other was not completed/);
});
