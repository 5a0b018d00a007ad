-- An eighth of the users, in an order by chance that does not change: what totals of common words are estimated from. Writers
-- wait while it is made, one second at 1,000,000 users; readers do not.
CREATE INDEX users_sample ON directory.users (hashint8extended(id, 42), last_key, first_key, id)
  WHERE hashint8extended(id, 42) >= 0 AND hashint8extended(id, 42) < 2305843009213693952;
