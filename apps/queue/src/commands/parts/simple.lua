-- The start of every command on the simple queue.
--
-- KEYS[1] list  list  each entry is an id of 36 characters followed by the JSON text
-- KEYS[2] size  text  the number of entries and their bytes, separated by a space

local listKey, sizeKey = KEYS[1], KEYS[2]
local length = redis.call('LLEN', listKey)

-- The size of the list in bytes. A list that was changed without counting (by an earlier version) is measured once, by its blocks.
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
