-- Makes a command idempotent: it is retried once when its reply is lost, and the retry gets the reply of the first run. The last key
-- stores the reply. Successive commands use the same key; ARGV[3], the run id, tells them apart.

local REPLY_MS = 60 * 1000 -- longer than any client waits for a reply
local replyKey, run = KEYS[#KEYS], ARGV[3]

-- The reply of the first run; nil when this is the first run.
local function storedReply()
  local known = redis.call('GET', replyKey)
  return known and string.sub(known, 1, #run) == run and cmsgpack.unpack(string.sub(known, #run + 1)) or nil
end

local function storeReply(reply)
  redis.call('SET', replyKey, run .. cmsgpack.pack(reply), 'PX', REPLY_MS)
  return reply
end
