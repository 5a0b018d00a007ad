import { createHash, createHmac } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { readFileOr } from "./data-version.ts";
import type { Engine, InstanceConfig } from "./engine.ts";
import { createPrivateFolder, writePrivate } from "./private-file.ts";
import { findPrograms, programFolders } from "./programs.ts";
import { runProgram } from "./run-program.ts";
import { tcpExchange } from "./tcp-exchange.ts";

// MySQL 8's own default, so that a statement means the same on both.
const SQL_MODE =
  "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

export const mariadb: Engine = {
  name: "mysql",
  title: "MariaDB",
  variable: "MYSQL_URL",
  users: ["mysql"],
  debianPackage: "mariadb-server",
  homebrewFormula: "mariadb",
  stopSignal: "SIGTERM",
  killSignal: "SIGKILL",
  version: {
    program: "mariadbd",
    comparedParts: 2,
    exactMatch: false,
    // The name of the file depends on the version.
    readDataVersion: async (data) =>
      readFileOr(join(data, "mariadb_upgrade_info"), await readFileOr(join(data, "mysql_upgrade_info"), "")),
  },

  find: () => findPrograms(["mariadbd", "mariadb-install-db"], programFolders()),

  async initialise(instance, programs) {
    const draft = join(instance.dir, "draft");
    await rm(draft, { recursive: true, force: true });
    // The root user can connect by a Unix socket only, and the server has none.
    await runProgram(instance, programs["mariadb-install-db"]!, [
      "--no-defaults",
      `--datadir=${draft}`,
      "--skip-test-db",
    ]);
    await rename(draft, join(instance.dir, "data"));
  },

  async command(instance, programs, port) {
    const temporary = join(instance.dir, "tmp");
    await rm(temporary, { recursive: true, force: true });
    await createPrivateFolder(temporary, instance.user.ids);
    const initFile = join(instance.dir, "first-statements.sql");
    await writePrivate(initFile, firstStatements(instance), instance.user.ids);
    const args = [
      "--no-defaults", // Must be first: ignores the settings of the machine's own server.
      `--datadir=${join(instance.dir, "data")}`,
      `--tmpdir=${temporary}`,
      `--pid-file=${join(instance.dir, "pid")}`,
      `--init-file=${initFile}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--socket=",
      "--skip-name-resolve",
      "--character-set-server=utf8mb4",
      "--collation-server=utf8mb4_unicode_ci",
      "--default-time-zone=+00:00",
      `--sql-mode=${SQL_MODE}`,
      "--local-infile=ON",
      "--max-connections=300",
      "--max-allowed-packet=64M",
      "--innodb-buffer-pool-size=256M",
      `--innodb-flush-log-at-trx-commit=${instance.durable ? 1 : 0}`,
      ...(instance.durable
        ? []
        : [
            "--innodb-doublewrite=OFF",
            "--innodb-flush-method=nosync",
            "--innodb-fast-shutdown=2",
            // A table is made in half of the time.
            "--debug-no-sync",
            "--skip-sync-frm",
          ]),
    ];
    return { program: programs.mariadbd!, args };
  },

  // The first packet that the server sends: a protocol version of 10, or 0xff and an error.
  isReady: (port) => tcpExchange(port, "", (reply) => (reply.length > 4 ? reply[4] === 10 : undefined)),

  url: (port, password) => `mysql://quintet:${password}@127.0.0.1:${port}/quintet`,
};

/** The app's user and database. */
const app = "'quintet'@'127.0.0.1'";
const database = "quintet";

/**
 * What the app's user may do in its database: migrations, tables that clients define, triggers, dumps. It may grant that, so that it lets the
 * readers read single tables; it may create no user, write no file, and nothing outside of its database.
 */
const rights =
  "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, TRIGGER, CREATE TEMPORARY TABLES, LOCK TABLES, " +
  "CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, EVENT";

/** Users who may do nothing until the app lets them read tables, by the variable that has their URL. */
const readers = { REPORTS_MYSQL_URL: "quintet_reports", SQL_MYSQL_URL: "quintet_sql" } as const;

/** The password of a reader, which follows from the app's. */
function readerPassword(password: string, name: string): string {
  return createHmac("sha256", password).update(name).digest("hex");
}

/** The URLs of the readers, by variable. */
export function readerUrls(port: number, password: string): Record<keyof typeof readers, string> {
  const urls = Object.entries(readers).map(([variable, name]) => [
    variable,
    `mysql://${name}:${readerPassword(password, name)}@127.0.0.1:${port}/${database}`,
  ]);
  return Object.fromEntries(urls) as Record<keyof typeof readers, string>;
}

/** Statements that run at every start, before the first connection is accepted: a folder of an older version gets these rights. */
function firstStatements({ password, allRights }: InstanceConfig): string {
  // An older version let the app create this user.
  const former = `'quintet_reports_${createHash("md5").update(database).digest("hex").slice(0, 12)}'@'127.0.0.1'`;
  const grant = allRights ? `ALL PRIVILEGES ON *.*` : `${rights} ON ${database}.*`;
  const ofReaders = Object.values(readers).flatMap((name) => [
    `CREATE USER IF NOT EXISTS '${name}'@'127.0.0.1'`,
    `ALTER USER '${name}'@'127.0.0.1' IDENTIFIED BY '${readerPassword(password, name)}'`,
  ]);
  const statements = [
    `CREATE DATABASE IF NOT EXISTS ${database}`,
    `CREATE USER IF NOT EXISTS ${app}`,
    `ALTER USER ${app} IDENTIFIED BY '${password}'`,
    `REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${app}`,
    `GRANT ${grant} TO ${app} WITH GRANT OPTION`,
    ...ofReaders,
    `DROP USER IF EXISTS ${former}`,
  ];
  return statements.map((statement) => `${statement};\n`).join("");
}
