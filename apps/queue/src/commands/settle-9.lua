-- Brings a queue up to the present and counts it.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
--
-- Result: nil when there is no such queue; otherwise { 1 when there is more to settle, else 0; messages in all; ready;
-- delayed; leased; in the outbox; then the fields and values of the settings }.

-- @include queue

settle()
announce()
local more = untilNextChange() == 0
  or #redis.call('ZRANGEBYSCORE', agesKey, '-inf', now - retentionMs, 'LIMIT', 0, 1) > 0
return {
  more and 1 or 0,
  redis.call('HLEN', recordsKey),
  redis.call('ZCARD', readyKey),
  redis.call('ZCARD', delayedKey),
  redis.call('ZCARD', leasesKey),
  redis.call('ZCARD', outboxKey),
  unpack(redis.call('HGETALL', settingsKey)),
}
