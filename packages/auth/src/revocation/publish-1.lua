#!lua flags=allow-oom
-- Appends revocations to the stream, even when the memory of Redis is full, and trims what is too old. Optionally adds a
-- heartbeat ("the stream is complete up to here"), unless a recent one is the last entry.
-- KEYS: 1 the stream
-- ARGV: 1 how long entries are kept (ms); 2 the age below which a heartbeat is recent (ms), 0: no heartbeat; then kind, subject
--       and epoch of each revocation
-- Returns 1 when the stream was empty, as after a loss of the data of Redis; otherwise 0.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = string.format('%.0f', math.max(0, now - tonumber(ARGV[1])))
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
for i = 3, #ARGV, 3 do
  redis.call('XADD', KEYS[1], 'MINID', '~', oldest, '*', 'kind', ARGV[i], 'subject', ARGV[i + 1], 'epoch', ARGV[i + 2])
end
local young = tonumber(ARGV[2])
if young > 0 then
  local age = last and last[2][1] == 'beat' and math.abs(now - tonumber(last[1]:match('^%d+')))
  if #ARGV > 2 or not age or age >= young then
    redis.call('XADD', KEYS[1], 'MINID', '~', oldest, '*', 'beat', '1')
  end
end
return last and 0 or 1
