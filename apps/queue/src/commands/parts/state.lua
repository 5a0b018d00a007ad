-- The state of a queue: { 1 when more is due than one command applies, else 0; messages in total; ready; delayed; leased; in the outbox;
-- ms until something becomes due, or -1; then the fields and values of the settings }.
local function state()
  local dueMs = untilNextChange()
  local oldest = redis.call('ZRANGE', agesKey, 0, 0, 'WITHSCORES')[2]
  if oldest then
    local endsMs = math.max(0, oldest + retentionMs - now)
    if dueMs < 0 or endsMs < dueMs then dueMs = endsMs end
  end
  return {
    dueMs == 0 and 1 or 0,
    redis.call('HLEN', recordsKey),
    redis.call('ZCARD', readyKey),
    redis.call('ZCARD', delayedKey),
    redis.call('ZCARD', leasesKey),
    redis.call('ZCARD', outboxKey),
    dueMs,
    unpack(redis.call('HGETALL', settingsKey)),
  }
end
