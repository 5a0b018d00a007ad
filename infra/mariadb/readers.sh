# Runs once, when the volume of MariaDB is new; the image's entrypoint reads it (it must not be executable), with docker_process_sql.
# Makes the users as whom saved reports and staff's SQL run. They may do nothing until the app lets them read single tables, which it may.
docker_process_sql <<SQL
CREATE USER IF NOT EXISTS 'quintet_reports'@'%' IDENTIFIED BY '$(cat /run/secrets/reports_mysql_password)';
CREATE USER IF NOT EXISTS 'quintet_sql'@'%' IDENTIFIED BY '$(cat /run/secrets/sql_mysql_password)';
GRANT USAGE ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%' WITH GRANT OPTION;
SQL
