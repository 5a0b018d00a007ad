-- The state of a queue: { 1 when more is due than one command applies, else 0; messages in total; ready; delayed; leased; in the outbox;
-- dead; ms until something becomes due, or -1; ms since the oldest message was first available, or -1; then the fields and values of the
-- settings }.
local function state()
  local due = firstDue()
  local oldest = tonumber(redis.call('ZRANGE', agesKey, 0, 0, 'WITHSCORES')[2])
  return {
    due <= now and 1 or 0,
    redis.call('HLEN', recordsKey),
    redis.call('ZCARD', readyKey),
    redis.call('ZCARD', delayedKey),
    redis.call('ZCARD', leasesKey),
    redis.call('ZCARD', outboxKey),
    redis.call('ZCARD', deadKey),
    due == math.huge and -1 or math.max(0, due - now),
    oldest and oldest <= now and now - oldest or -1,
    unpack(redis.call('HGETALL', settingsKey)),
  }
end
