-- Lets a command know its own earlier run: it is sent again when its answer is lost, and gets what it got then. The last key is that of a
-- run, ARGV[2] is what tells it from others that use the same key, before and after.

local RUN_MS = 60 * 1000 -- longer than anybody waits for an answer
local runKey, run = KEYS[#KEYS], ARGV[2]

-- What was remembered in the earlier run, nil in the first one.
local function earlierRun()
  local known = redis.call('GET', runKey)
  return known and string.sub(known, 1, #run) == run and cmsgpack.unpack(string.sub(known, #run + 1)) or nil
end

local function rememberRun(reply)
  redis.call('SET', runKey, run .. cmsgpack.pack(reply), 'PX', RUN_MS)
  return reply
end
