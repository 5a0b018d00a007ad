// The baseline of the listings: one prepared statement per request, and nothing else. Reads `MYSQL_URL`.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { listenerOf } from "@quintet/http";
import { Hono } from "hono";
import { createPool, type RowDataPacket } from "mysql2/promise";

const pool = createPool({ uri: process.env.MYSQL_URL ?? "", connectionLimit: 6 });
const text = `SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status
FROM listing AS l FORCE INDEX (by_city_year_id)
INNER JOIN property AS p ON p.id = l.property_id
INNER JOIN status AS s ON s.id = l.status_id
WHERE l.status_id = ? AND l.city = ? AND l.year = ? AND l.property_id > ?
ORDER BY l.property_id LIMIT 21`;
const app = new Hono();
app.get("/properties", async (c) => {
  const { city = "", year = "" } = c.req.query();
  const [properties] = await pool.execute<RowDataPacket[]>(text, [5, city, year, 0]);
  return c.json({ status: "success", properties: properties.slice(0, 20) });
});
const server = createServer(listenerOf(app));
server.listen(0, "127.0.0.1", () => console.log(`listening ${(server.address() as AddressInfo).port}`));
process.once("SIGTERM", () => process.exit(0));
