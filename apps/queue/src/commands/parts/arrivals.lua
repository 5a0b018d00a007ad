-- What a queue remembers of the moves that came to it, so that each counts once, however often and by whomever its steps are made.
-- A field for each source (a name and its incarnation): { the highest ticket that was decided on, when, tickets that were refused }.
--
-- One number is enough: tickets of a source rise, and whoever brings one has brought all lower ones for this queue with it or before,
-- as far as the source had not let go of them. A ticket up to the highest was accepted, unless it stands among the refused ones. Those
-- are forgotten when a higher ticket comes first in a call: by then the source has taken them back.

local KEPT_MS = 15 * 24 * 3600 * 1000 -- longer than any message is kept
local MANY = 1000

local function readArrivals(key, source, first)
  local packed = redis.call('HGET', key, source)
  local highest, refused = 0, {}
  if packed then
    local known = cmsgpack.unpack(packed)
    highest = known[1]
    for _, ticket in ipairs(known[3]) do
      if ticket >= first then refused[ticket] = true end
    end
  end
  return highest, refused, not packed
end

local function writeArrivals(key, source, highest, refused, isNew, at)
  -- Of sources that are gone nobody says so: where there are many, those that were silent for long are forgotten.
  if isNew and redis.call('HLEN', key) >= MANY then
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      if cmsgpack.unpack(all[i + 1])[2] < at - KEPT_MS then redis.call('HDEL', key, all[i]) end
    end
  end
  local tickets = {}
  for ticket in pairs(refused) do tickets[#tickets + 1] = ticket end
  redis.call('HSET', key, source, cmsgpack.pack({ highest, at, tickets }))
end
