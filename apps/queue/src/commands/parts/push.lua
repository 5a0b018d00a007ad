-- The start of the commands that add to a simple queue.
--
-- ARGV[1] max messages in the queue
-- ARGV[2] max bytes in the queue
-- ARGV[3] max messages of one account in the queue
-- ARGV[4] max bytes of one account in the queue

-- @include simple

local maxEntries, maxBytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local maxOwnEntries, maxOwnBytes = tonumber(ARGV[3]), tonumber(ARGV[4])

-- Counts an entry if it fits. The result: '0' it does, '1' the queue is full, '2' its account has its max messages, '3' its max bytes. The
-- limits of an account do not apply when it is exempt.
local function admit(entry, isExempt)
  local account, size = parse(entry)
  if not isExempt then
    local usage = usageOf(account)
    if usage.entries >= maxOwnEntries then return '2' end
    if usage.bytes + size > maxOwnBytes then return '3' end
  end
  if length >= maxEntries or bytes + size > maxBytes then return '1' end
  count(account, size, 1)
  return '0'
end
