import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";

/** A process that stands still with the lock loses it, and its connection, after this. */
const idleSeconds = 60;

/**
 * Runs `work` on a connection of its own, unless another process runs what has the same `name` in this database; whether it ran. The lock
 * ends with the connection.
 */
export async function ifAlone(
  pool: Pool,
  name: string,
  work: (connection: PoolConnection) => Promise<void>,
): Promise<boolean> {
  // The name of a lock holds for the whole server, and may have 64 characters.
  const lock = "CONCAT('quintet_', MD5(CONCAT(DATABASE(), '.', ?)))";
  const connection = await pool.getConnection();
  try {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK(${lock}, 0) AS got`, [name]);
    const alone = rows[0]?.got === 1;
    if (alone) {
      await connection.query("SET SESSION wait_timeout = ?", [idleSeconds]);
      await work(connection);
      await connection.query("SET SESSION wait_timeout = DEFAULT");
      await connection.query(`DO RELEASE_LOCK(${lock})`, [name]);
    }
    connection.release();
    return alone;
  } catch (error) {
    connection.destroy(); // And with it the lock.
    throw error;
  }
}
