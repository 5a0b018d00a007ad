-- One more row of a property's history; its date is :updateDate, or now when that is null. Now is never before the latest
-- row, so that a status that is set now is the latest one even when the clock was set back.
INSERT INTO status_history (property_id, status_id, update_date)
VALUES (:id, :status, COALESCE(:updateDate, GREATEST(UTC_TIMESTAMP(3), COALESCE(:latestDate, UTC_TIMESTAMP(3)))))
