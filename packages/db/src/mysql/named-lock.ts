import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";

/**
 * Runs `work` on a connection of its own, unless another process runs what has the same `name` in this database; whether it ran. The lock
 * ends with the connection, and that when its process stands still for `idleSeconds`.
 */
export async function tryWithLock(
  pool: Pool,
  name: string,
  work: (connection: PoolConnection) => Promise<void>,
  idleSeconds = 60,
): Promise<boolean> {
  // The name of a lock holds for the whole server, and may have 64 characters.
  const lock = "CONCAT('quintet_', MD5(CONCAT(DATABASE(), '.', ?)))";
  const connection = await pool.getConnection();
  let alive: NodeJS.Timeout | undefined;
  try {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK(${lock}, 0) AS got`, [name]);
    const alone = rows[0]?.got === 1;
    if (alone) {
      await connection.query("SET SESSION wait_timeout = ?", [idleSeconds]);
      alive = setInterval(() => {
        connection.ping().catch(() => {}); // `work` may do all of its own by other connections.
      }, idleSeconds * 300);
      await work(connection);
      await connection.query("SET SESSION wait_timeout = DEFAULT");
      await connection.query(`DO RELEASE_LOCK(${lock})`, [name]);
    }
    connection.release();
    return alone;
  } catch (error) {
    connection.destroy(); // And with it the lock.
    throw error;
  } finally {
    clearInterval(alive);
  }
}
