-- Lets one process at a time index blocks: two would wait for each other where their blocks meet. Held by the connection.
SELECT GET_LOCK(CONCAT('quintet_properties_', DATABASE()), 0) AS got
