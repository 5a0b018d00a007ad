-- Whether the queue may hold so many more messages and bytes: a queue with an owner only holds what was allotted to it, see allot-1.lua.
-- The fields of the settings say how much that is.
local function hasRoom(messages, bytes, allowedMessages, allowedBytes)
  if messages == 0 or (settings[8] or '') == '' then return true end
  return redis.call('HLEN', recordsKey) + messages <= (tonumber(allowedMessages) or 0)
    and counters.bytes + bytes <= (tonumber(allowedBytes) or 0)
end
