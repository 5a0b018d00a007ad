-- What was done for which request with an `Idempotency-Key`, recorded in the transaction that did it, for two days.
CREATE TABLE directory.done_requests (
  request_key text PRIMARY KEY,
  result text NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX done_requests_by_time ON directory.done_requests (done_at);
