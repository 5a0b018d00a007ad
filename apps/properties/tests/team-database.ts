import { randomBytes } from "node:crypto";
import { createConnection } from "mysql2/promise";

/** How a team made its tables. */
export interface Shape {
  id: string;
  statusId: string;
  price: string;
  year: string;
  city: string;
  date: string;
  engine: string;
  charset: string;
  /** More columns of `property`. */
  more: string;
  /** Indexes of `status_history`. */
  indexes: string;
}

export const plainShape: Shape = {
  id: "INT",
  statusId: "INT",
  price: "DECIMAL(14,2) NULL",
  year: "INT NULL",
  city: "VARCHAR(120) NULL",
  date: "DATETIME NULL",
  engine: "InnoDB",
  charset: "utf8mb4 COLLATE utf8mb4_general_ci",
  more: "",
  indexes: "",
};

/** The ids of the statuses in the tables of `makeTables`: not those of the tables that the app makes. */
export const teamStatuses = { vendido: 12, en_venta: 3, pre_venta: 40, comprando: 7, comprado: 8, arrendado: 99 };

/** Runs statements one after the other. */
export async function run(url: string, ...statements: string[]): Promise<void> {
  const connection = await createConnection({ uri: url, timezone: "Z" });
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Makes the three tables of a team, with its statuses. */
export function makeTables(url: string, shape: Partial<Shape> = {}): Promise<void> {
  const { id, statusId, price, year, city, date, engine, charset, more, indexes } = { ...plainShape, ...shape };
  const options = `ENGINE = ${engine} DEFAULT CHARACTER SET ${charset}`;
  const rows = Object.entries(teamStatuses).map(([name, key]) => `(${key}, '${name}', '${name}')`);
  return run(
    url,
    `CREATE TABLE status (id ${statusId} NOT NULL PRIMARY KEY, name VARCHAR(32), label VARCHAR(64)) ${options}`,
    `CREATE TABLE property (id ${id} NOT NULL AUTO_INCREMENT PRIMARY KEY, address VARCHAR(120) NULL, city ${city},
      price ${price}, description TEXT NULL, year ${year} ${more}) ${options}`,
    `CREATE TABLE status_history (id ${id} NOT NULL AUTO_INCREMENT PRIMARY KEY, property_id ${id} NULL,
      status_id ${statusId} NULL, update_date ${date} ${indexes}) ${options}`,
    `INSERT INTO status (id, name, label) VALUES ${rows.join(", ")}`,
  );
}

/** The URL of a user who may do anything with a database but make triggers. */
export function withoutTriggers(url: string): Promise<string> {
  return withRights(url, "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES");
}

/** The URL of a user with these rights to a database. */
export async function withRights(url: string, rights: string): Promise<string> {
  const database = new URL(url).pathname.slice(1);
  const [user, password] = [`u${randomBytes(6).toString("hex")}`, randomBytes(12).toString("hex")];
  await run(
    url,
    `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`,
    `GRANT ${rights} ON \`${database}\`.* TO '${user}'@'%'`,
  );
  return Object.assign(new URL(url), { username: user, password }).href;
}
