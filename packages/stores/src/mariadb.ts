import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { readFileOr } from "./data-version.ts";
import type { Engine } from "./engine.ts";
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
    // The root user can connect by a Unix socket only, and the server has none: `quintet` is the only user.
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
    const firstStatements = join(instance.dir, "first-statements.sql");
    await writePrivate(firstStatements, grants(instance.password), instance.user.ids);
    const args = [
      "--no-defaults", // Must be first: ignores the settings of the machine's own server.
      `--datadir=${join(instance.dir, "data")}`,
      `--tmpdir=${temporary}`,
      `--pid-file=${join(instance.dir, "pid")}`,
      `--init-file=${firstStatements}`,
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
        : ["--innodb-doublewrite=OFF", "--innodb-flush-method=nosync", "--innodb-fast-shutdown=2"]),
    ];
    return { program: programs.mariadbd!, args };
  },

  // The first packet that the server sends: a protocol version of 10, or 0xff and an error.
  isReady: (port) => tcpExchange(port, "", (reply) => (reply.length > 4 ? reply[4] === 10 : undefined)),

  url: (port, password) => `mysql://quintet:${password}@127.0.0.1:${port}/quintet`,
};

/** Statements that run at every start, before the first connection is accepted. */
function grants(password: string): string {
  return `CREATE DATABASE IF NOT EXISTS quintet;
CREATE USER IF NOT EXISTS 'quintet'@'127.0.0.1';
ALTER USER 'quintet'@'127.0.0.1' IDENTIFIED BY '${password}';
GRANT ALL PRIVILEGES ON *.* TO 'quintet'@'127.0.0.1' WITH GRANT OPTION;
`;
}
