import { makeTables, run, teamStatuses } from "./team-database.ts";

/**
 * Fills a team's tables, with INT ids, latin1 and few indexes, with `count` properties and five times as many rows of history, by the
 * server. One row in a thousand or so is odd: NULLs, zero dates, no history, history without a property, a status that nobody knows, equal
 * dates, an id far from the others.
 */
export async function fillTeamTables(url: string, count: number): Promise<void> {
  await makeTables(url, {
    charset: "latin1 COLLATE latin1_spanish_ci",
    indexes: ", KEY history_of_property (property_id)",
  });
  const { vendido, en_venta, pre_venta, comprando, comprado, arrendado } = teamStatuses;
  const statuses = [vendido, en_venta, pre_venta, en_venta, comprando, pre_venta, vendido, comprado].join(", ");
  await run(
    url,
    "SET SESSION sql_mode = '', unique_checks = 0",
    `INSERT INTO property (id, address, city, price, description, year)
      SELECT seq, IF(seq MOD 1021 = 0, NULL, CONCAT('Calle ', seq MOD 180, ' # ', seq MOD 97)),
        IF(seq MOD 1013 = 0, NULL, ELT(1 + CRC32(CONCAT('c', seq)) MOD 5, 'Bogotá', 'BOGOTA', 'Cali', 'Pereira', 'Medellín')),
        IF(seq MOD 1009 = 0, NULL, 1000000 * (CRC32(CONCAT('p', seq)) MOD 5000)),
        IF(seq MOD 1031 = 0, NULL, CONCAT(IF(seq MOD 500 = 0, 'Casa con helipuerto y jardín', 'Casa con jardín'), ', ',
          seq MOD 90, ' m², cerca de colegios.')),
        IF(seq MOD 1019 = 0, NULL, 1980 + CRC32(CONCAT('y', seq)) MOD 40)
      FROM seq_1_to_${count}`,
    `INSERT INTO status_history (property_id, status_id, update_date)
      SELECT a.seq,
        CASE WHEN b.seq = 5 AND a.seq MOD 3001 = 0 THEN ${arrendado} WHEN b.seq = 5 AND a.seq MOD 3011 = 0 THEN 12345
          WHEN b.seq = 5 AND a.seq MOD 3019 = 0 THEN NULL ELSE ELT(1 + CRC32(CONCAT('s', a.seq, b.seq)) MOD 8, ${statuses}) END,
        CASE WHEN a.seq MOD 4001 = 0 THEN '0000-00-00' WHEN a.seq MOD 4003 = 0 THEN NULL
          WHEN a.seq MOD 4007 = 0 THEN '2024-05-05'
          ELSE '2020-01-01' + INTERVAL CRC32(CONCAT('t', a.seq, b.seq)) MOD 100000000 SECOND END
      FROM seq_1_to_${count} AS a, seq_1_to_5 AS b WHERE a.seq MOD 2003 <> 0`,
    `INSERT INTO status_history (property_id, status_id, update_date)
      SELECT IF(seq MOD 2 = 0, NULL, ${count} + 500000 + seq), ${en_venta}, '2024-01-01' FROM seq_1_to_1000`,
    `INSERT INTO property (id, address, city, price, description, year) VALUES
      (-5, 'Negativa', 'Cali', 1, 'Casa', 2000), (2000000000, 'Lejos', 'Cali', -1, 'Casa lejos', 0)`,
    `INSERT INTO status_history (property_id, status_id, update_date) VALUES (-5, ${en_venta}, '2024-01-01'),
      (2000000000, ${vendido}, '2024-01-01')`,
    "ANALYZE TABLE property, status_history",
  );
}
