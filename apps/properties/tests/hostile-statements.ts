/** What ends a statement, or keeps it out, when the reader of its text lets it pass. */
export type Layer =
  /** The server's parser says that it has no rows, so it is not executed. */
  | "no query"
  /** The database user lacks the right. */
  | "user"
  /** The session is read-only. */
  | "read-only"
  /** The server takes it for no statement, or for none that can be prepared. */
  | "protocol"
  /** The time limit of the server. */
  | "time"
  /** A KILL from a second connection: the limit of the server is lifted. */
  | "kill"
  /** The bounds of a result. */
  | "size"
  /** It is executed, and what it does ends with its connection. */
  | "connection"
  /** It is executed, and tells something of the server that the user may know. */
  | "nothing";

const lines = (text: string) => text.trim().split("\n");

/** Statements that are not run, by the layer that holds when the reader of the text does not. */
export const hostile: Record<Layer, string[]> = {
  "no query": lines(`
SET PASSWORD = PASSWORD('x')
SET PASSWORD FOR CURRENT_USER = PASSWORD('x')
ALTER USER CURRENT_USER IDENTIFIED BY 'x'
SET SESSION max_statement_time = 0
SET @@session.tx_read_only = 0
SET ROLE NONE
SET NAMES latin1
COMMIT
ROLLBACK
START TRANSACTION READ WRITE
BEGIN NOT ATOMIC SELECT 1; END
BEGIN NOT ATOMIC DELETE FROM property; END
HANDLER property OPEN
LOCK TABLES property READ
DO SLEEP(5)
DO GET_LOCK('quintet', 100)
SELECT 1 INTO @a
/*M!100000 SET @a = 1 */
TRUNCATE property
DROP TABLE property
CREATE TRIGGER x BEFORE INSERT ON property FOR EACH ROW SET NEW.price = 0
CREATE FUNCTION f() RETURNS INT RETURN 1
ALTER TABLE property ADD COLUMN x INT
RENAME TABLE property TO x
GRANT SELECT ON auth_user TO CURRENT_USER
REVOKE ALL PRIVILEGES, GRANT OPTION FROM CURRENT_USER
CREATE USER x
CALL stored()
KILL 1
KILL USER quintet
FLUSH TABLES WITH READ LOCK
SHUTDOWN
INSTALL SONAME 'x'
XA START 'x'
SAVEPOINT x`),
  user: lines(`
SET GLOBAL max_connections = 1
SELECT * FROM property INTO OUTFILE '/tmp/quintet-hostile'
SELECT id FROM property INTO DUMPFILE '/tmp/quintet-hostile'
SELECT 1 /*M! INTO OUTFILE '/tmp/quintet-hostile' */
/*M!100000 DELETE FROM property */
DELETE FROM property
DELETE FROM property RETURNING id
UPDATE property SET price = 0
INSERT INTO status VALUES (9, 'x', 'x') RETURNING id
REPLACE INTO status VALUES (1, 'x', 'x')
CREATE TABLE x (a INT)
CREATE TEMPORARY TABLE x (a INT)
CREATE OR REPLACE VIEW x AS SELECT 1
LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE property
CHECKSUM TABLE auth_user
ANALYZE TABLE property
EXPLAIN DELETE FROM property
DESCRIBE auth_user
SHOW CREATE TABLE auth_user
SELECT * FROM auth_user
SELECT * FROM (SELECT * FROM auth_user) AS a
SELECT (SELECT MAX(password) FROM auth_user) FROM property
SELECT 1 UNION SELECT password FROM auth_user
WITH a AS (SELECT password FROM auth_user) SELECT * FROM a
SELECT id FROM property WHERE EXISTS (SELECT 1 FROM \`auth_user\` WHERE password LIKE 'a%')
SELECT * FROM liked_properties
SELECT * FROM properties_done_requests
SELECT * FROM properties_queries
SELECT * FROM listing_term
SELECT * FROM mysql.user
SELECT * FROM mysql.global_priv
SELECT * FROM performance_schema.threads
SELECT * FROM sys.version`),
  "read-only": lines(`
SELECT id FROM property FOR UPDATE
SELECT id FROM property FOR UPDATE SKIP LOCKED
SELECT NEXT VALUE FOR s
OPTIMIZE TABLE property`),
  protocol: lines(`
SELECT 1; SELECT 2
SELECT 1; DROP TABLE property
WITH a AS (SELECT 1) DELETE FROM property
EXECUTE IMMEDIATE 'DELETE FROM property'
EXECUTE IMMEDIATE CONCAT('SEL', 'ECT SLEEP(30)')
PREPARE s FROM 'DELETE FROM property'
HANDLER property READ FIRST
SELECT ? AS x
SELECT 'unfinished
SELECT 1 /* unfinished`),
  time: lines(`
SELECT SLEEP(30)
SELECT BENCHMARK(2000000000, MD5('a'))
SELECT 1 FROM property WHERE BENCHMARK(2000000000, MD5('a')) = 0
SELECT 1 /*!50000 , SLEEP(30) */
SELECT MASTER_GTID_WAIT('0-1-1', 30)
ANALYZE FORMAT=JSON SELECT SLEEP(30)`),
  kill: lines(`
SET STATEMENT max_statement_time = 0 FOR SELECT SLEEP(30)`),
  size: lines(`
SELECT REPEAT('a', 8000000)
SELECT SPACE(8000000)
SHOW VARIABLES`),
  connection: lines(`
SET STATEMENT max_statement_time = 0 FOR SELECT 1
SELECT GET_LOCK('quintet', 100)
SELECT GET_LOCK /* x */ ('quintet', 100)
SELECT \`GET_LOCK\`('quintet', 100)
SELECT (SELECT GET_LOCK('quintet', 100)) FROM property
SELECT id FROM property LOCK IN SHARE MODE
SELECT @a := 1
SELECT LAST_INSERT_ID(5)`),
  nothing: lines(`
SELECT @@datadir
SELECT @@hostname, @@version, @@global.secure_file_priv
SHOW GRANTS
SHOW TABLES
SHOW DATABASES
SELECT LOAD_FILE('/etc/passwd')
SELECT /*+ MAX_EXECUTION_TIME(0) */ 1
SELECT IS_USED_LOCK('x'), RELEASE_ALL_LOCKS()
SELECT * FROM information_schema.user_privileges
SELECT User FROM \`information_schema\` . processlist
SELECT USER(), CURRENT_USER(), VERSION(), DATABASE()
SELECT CURRENT_USER
SELECT CONNECTION_ID()
SELECT UPDATEXML('<a/>', CONCAT('//', (SELECT 1)), 'x')
CHECK TABLE property`),
};
