-- What the commands on the queue of push and pop begin with.
--
-- KEYS[1] list  each entry an id of 36 characters followed by the JSON text
-- KEYS[2] size  text  how many entries were counted last, and their bytes

local listKey, sizeKey = KEYS[1], KEYS[2]
local length = redis.call('LLEN', listKey)

-- The bytes that are there. What others have changed, a version that did not count, is measured once, by blocks and not by entries.
local function size()
  if length == 0 then return 0 end
  local counted, bytes = string.match(redis.call('GET', sizeKey) or '', '^(%d+) (%d+)$')
  if tonumber(counted) == length then return tonumber(bytes) end
  return redis.call('MEMORY', 'USAGE', listKey, 'SAMPLES', 0)
end

local function noteSize(entries, bytes)
  if entries == 0 then return redis.call('DEL', sizeKey) end
  redis.call('SET', sizeKey, string.format('%.0f %.0f', entries, math.max(0, bytes)))
end
