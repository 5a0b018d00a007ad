#!lua flags=no-writes
-- Reads messages of one set of a queue in its order, without changing anything.
--
-- KEYS[1..13] see parts/core.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the set: "ready", "delayed", "leases", "ages", "outbox", "dead" or "groups"; "id" for one message
-- ARGV[4]     for "groups" the start of the members to read, else ''; for "id" the id
-- ARGV[5]     the position to start after, as the last call returned it: a score, or '' for the start
-- ARGV[6]       and a member of the set
-- ARGV[7]     max messages in the reply
-- ARGV[8]     max messages to look at, so that a search does not block the server
-- ARGV[9]     max bytes of payload to read; the first message may have more
-- ARGV[10]    max bytes of each body in the reply, the rest is cut off; '' for no limit
-- ARGV[11]    only messages in this state, '' for any; likewise
-- ARGV[12]      the group
-- ARGV[13]      the tenant
-- ARGV[14]      the name of an attribute
-- ARGV[15]      and its value
--
-- Result: nil when the queue does not exist; otherwise { score, member: the position to continue after, '' at the end; then for each
-- message: id, state, end of its delay, end of its lease or '', time sent, receives, time of the first receive or 0, priority,
-- group or '', tenant or '', sender or '', dedupeId or '', origin, bytes of its payload, bytes that were cut off, payload }.

-- @include queue
-- @include positions

local set, start, afterScore, afterMember = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local maxFound, maxSeen, maxBytes, maxBody = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local wanted = { state = ARGV[11], group = ARGV[12], tenant = ARGV[13], attribute = ARGV[14], value = ARGV[15] }

-- The next members of the set and their scores.
local function nextMembers()
  if set == 'id' then return { start, '' } end
  if set == 'groups' then
    -- Members that begin with NUL are in flight: they are read when the start says so.
    local from = afterMember ~= '' and '(' .. afterMember or '[' .. (start == '' and '\1' or start)
    local to = start == '' and '+' or '(' .. string.sub(start, 1, -2) .. '\1'
    local members = redis.call('ZRANGEBYLEX', groupsKey, from, to, 'LIMIT', 0, maxSeen)
    local scored = {}
    for i, member in ipairs(members) do scored[2 * i - 1], scored[2 * i] = member, '0' end
    return scored
  end
  local keys = { ready = readyKey, delayed = delayedKey, leases = leasesKey, ages = agesKey, outbox = outboxKey, dead = deadKey }
  local first = rankAfter(keys[set], afterScore, afterMember)
  return redis.call('ZRANGE', keys[set], first, first + maxSeen - 1, 'WITHSCORES')
end

local members = nextMembers()
local ids = {}
for i = 1, #members, 2 do
  local member = members[i]
  ids[#ids + 1] = set == 'groups' and string.sub(member, string.find(member, '\0', 2, true) + 17) or member
end
if #ids == 0 then return { '', '' } end

local packed = redis.call('HMGET', recordsKey, unpack(ids))
local inReady = redis.call('ZMSCORE', readyKey, unpack(ids))
local inDelayed = redis.call('ZMSCORE', delayedKey, unpack(ids))
local inLeases = redis.call('ZMSCORE', leasesKey, unpack(ids))
local inOutbox = redis.call('ZMSCORE', outboxKey, unpack(ids))
local inDead = redis.call('ZMSCORE', deadKey, unpack(ids))

local function stateOf(i)
  return inReady[i] and 'ready' or inDelayed[i] and 'delayed' or inLeases[i] and 'leased' or inOutbox[i] and 'moving'
    or inDead[i] and 'dead' or 'blocked'
end

-- The bytes of a payload before its body: see messages/packed.ts.
local function headerOf(payload)
  if string.byte(payload) ~= 1 then return 0, nil end
  local colon = string.find(payload, ':', 2, true)
  local length = tonumber(string.sub(payload, 2, colon - 1))
  return colon + length, string.sub(payload, colon + 1, colon + length)
end

local function hasAttribute(attributes)
  if not attributes then return false end
  local one = cjson.decode(attributes)[wanted.attribute]
  return one and one.value == wanted.value
end

local found, count, bytes, last = { '', '' }, 0, 0, 0
for i, id in ipairs(ids) do
  local record = packed[i] and cmsgpack.unpack(packed[i])
  local state = record and stateOf(i)
  local matches = record
    and (wanted.state == '' or state == wanted.state)
    and (wanted.group == '' or record[GROUP] == wanted.group)
    and (wanted.tenant == '' or record[TENANT] == wanted.tenant)
  if matches then
    local size = redis.call('HSTRLEN', payloadsKey, id)
    if bytes > 0 and bytes + size > maxBytes then break end
    bytes = bytes + size
    local payload = redis.call('HGET', payloadsKey, id)
    local header, attributes = headerOf(payload)
    if wanted.attribute == '' or hasAttribute(attributes) then
      local cut = maxBody and math.max(0, size - header - maxBody) or 0
      if cut > 0 then payload = string.sub(payload, 1, size - cut) end
      for _, value in ipairs({
        id, state, record[DUE], inLeases[i] or '', record[SENT], record[RECEIVES], record[FIRST] or 0, priorityOf(record),
        record[GROUP], record[TENANT] or '', record[SENDER] or '', record[DEDUPE] or '', record[ORIGIN], size, cut, payload,
      }) do
        found[#found + 1] = value
      end
      count = count + 1
    end
  end
  last = i
  if count == maxFound then break end
end
if set ~= 'id' and (last < #ids or #ids == maxSeen) then found[1], found[2] = members[2 * last], members[2 * last - 1] end
return found
