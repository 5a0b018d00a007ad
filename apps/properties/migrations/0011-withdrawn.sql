-- The properties that staff have withdrawn. They stay in `property`, which may be a team's table, and have no listing that is visible.
CREATE TABLE IF NOT EXISTS listing_state (
  property_id BIGINT NOT NULL,
  withdrawn_at DATETIME(3) NOT NULL,
  PRIMARY KEY (property_id),
  KEY listing_state_order (withdrawn_at, property_id)
) ENGINE = InnoDB COMMENT = 'quintet';
