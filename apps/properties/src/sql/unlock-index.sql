SELECT RELEASE_LOCK(CONCAT('quintet_properties_', DATABASE())) AS released
