-- The record of transfers to a queue, so that each counts once, however often its steps are repeated and by whichever process.
-- A hash field for each source (its name and incarnation): { the highest ticket decided on, when, the tickets that were rejected }.
--
-- One number is enough: the tickets of a source ascend, and a call that has one ticket comes with, or after, all lower tickets for this
-- queue that the source has not completed. A ticket up to the highest was accepted, unless it is among the rejected ones. Rejected
-- tickets below the first ticket of a call are removed: the source has taken these messages back.

local KEPT_MS = 15 * 24 * 3600 * 1000 -- longer than any message is kept
local MAX_SOURCES = 1000 -- above this number, sources that have been silent for KEPT_MS are removed

local function readArrivals(key, source, first)
  local packed = redis.call('HGET', key, source)
  local highest, rejected = 0, {}
  if packed then
    local known = cmsgpack.unpack(packed)
    highest = known[1]
    for _, ticket in ipairs(known[3]) do
      if ticket >= first then rejected[ticket] = true end
    end
  end
  return highest, rejected, not packed
end

local function writeArrivals(key, source, highest, rejected, isNew, at)
  -- There is no notice of a deleted source.
  if isNew and redis.call('HLEN', key) >= MAX_SOURCES then
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      if cmsgpack.unpack(all[i + 1])[2] < at - KEPT_MS then redis.call('HDEL', key, all[i]) end
    end
  end
  local tickets = {}
  for ticket in pairs(rejected) do tickets[#tickets + 1] = ticket end
  redis.call('HSET', key, source, cmsgpack.pack({ highest, at, tickets }))
end
