import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";

/**
 * Runs `work` on a connection of its own unless another process holds the lock `name` in this database; returns whether
 * it ran. The lock ends with the connection, which the server closes when it is idle for `idleSeconds`.
 */
export async function tryWithLock(
  pool: Pool,
  name: string,
  work: (connection: PoolConnection) => Promise<void>,
  idleSeconds = 60,
): Promise<boolean> {
  // Lock names are global to the server, and limited to 64 characters.
  const lock = "CONCAT('quintet_', MD5(CONCAT(DATABASE(), '.', ?)))";
  const connection = await pool.getConnection();
  let alive: NodeJS.Timeout | undefined;
  try {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK(${lock}, 0) AS got`, [name]);
    const alone = rows[0]?.got === 1;
    if (alone) {
      await connection.query("SET SESSION wait_timeout = ?", [idleSeconds]);
      alive = setInterval(() => {
        connection.ping().catch(() => {}); // `work` may use other connections only, and this one must not be idle.
      }, idleSeconds * 300);
      await work(connection);
      await connection.query("SET SESSION wait_timeout = DEFAULT");
      await connection.query(`DO RELEASE_LOCK(${lock})`, [name]);
    }
    connection.release();
    return alone;
  } catch (error) {
    connection.destroy(); // This releases the lock as well.
    throw error;
  } finally {
    clearInterval(alive);
  }
}
