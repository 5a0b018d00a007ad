#!lua flags=allow-oom
-- Records the figures of queues, for metrics and plots. Recording the same figures again changes nothing but their time.
--
-- KEYS[1] now      hash  name -> when its figures were recorded (ms of this server's clock), a space, the figures
-- KEYS[2] minutes  hash  name -> JSON array of samples, the oldest first: { the minute since 1970, counters and length at its end }.
--                        Only minutes in which something changed have one.
-- ARGV[1] how many minutes are kept; of older samples only the latest one is, because differences begin with it
-- ARGV[2..] three for each queue: its name, its figures, its sample as JSON array without the minute; both are '' when the queue is gone
--
-- Result: nothing.

local clock = redis.call('TIME')
local at = clock[1] * 1000 + math.floor(clock[2] / 1000)
local minute = math.floor(clock[1] / 60)

-- The samples with this one; nil when nothing has changed since the last.
local function withSample(samples, sample)
  local last = samples[#samples]
  local changed = not last
  for i, value in ipairs(sample) do
    if last and last[i + 1] ~= value then changed = true end
  end
  if changed and last and last[1] == minute then table.remove(samples) end
  if changed then table.insert(samples, { minute, unpack(sample) }) end
  while #samples > 1 and samples[2][1] <= minute - ARGV[1] do
    table.remove(samples, 1)
    changed = true
  end
  return changed and samples or nil
end

for i = 2, #ARGV, 3 do
  local name, figures = ARGV[i], ARGV[i + 1]
  if figures == '' then
    redis.call('HDEL', KEYS[1], name)
    redis.call('HDEL', KEYS[2], name)
  else
    redis.call('HSET', KEYS[1], name, string.format('%.0f ', at) .. figures)
    local samples = withSample(cjson.decode(redis.call('HGET', KEYS[2], name) or '[]'), cjson.decode(ARGV[i + 2]))
    if samples then redis.call('HSET', KEYS[2], name, cjson.encode(samples)) end
  end
end
