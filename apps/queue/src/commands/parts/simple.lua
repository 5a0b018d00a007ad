-- The start of every command on a simple queue. An entry is an id of 36 characters, \1, the account that pushed it, \1, and the JSON
-- text. Entries of earlier versions are the id and the JSON text, which never begins with \1. Its size is that of its id and its JSON text.
--
-- KEYS[1] list      list  the entries
-- KEYS[2] size      text  the number of entries and their bytes, separated by a space
-- KEYS[3] accounts  hash  account -> the number of its entries and their bytes, separated by a space

local listKey, sizeKey, accountsKey = KEYS[1], KEYS[2], KEYS[3]
local ID_LENGTH = 36

local function readSize(text)
  local entries, bytes = string.match(text or '', '^(%d+) (%d+)$')
  return tonumber(entries), tonumber(bytes)
end

local length = redis.call('LLEN', listKey)
local counted, bytes = readSize(redis.call('GET', sizeKey))
local isCounted = length > 0 and counted == length
-- A list that was changed without counting (by an earlier version) is measured once, by its blocks.
if not isCounted then bytes = length > 0 and redis.call('MEMORY', 'USAGE', listKey, 'SAMPLES', 0) or 0 end

-- The accounts whose entries change, each with its number of entries and their bytes.
local accounts = {}

-- The account that pushed an entry, '' if the entry does not say, and the entry's size.
local function parse(entry)
  if string.byte(entry, ID_LENGTH + 1) ~= 1 then return '', #entry end
  local last = string.find(entry, '\1', ID_LENGTH + 2, true)
  return string.sub(entry, ID_LENGTH + 2, last - 1), #entry - (last - ID_LENGTH)
end

local function usageOf(account)
  local usage = accounts[account]
  if not usage then
    local entries, size = readSize(isCounted and redis.call('HGET', accountsKey, account))
    usage = { entries = entries or 0, bytes = size or 0 }
    accounts[account] = usage
  end
  return usage
end

-- Counts an entry of an account that was added (by 1) or removed (by -1).
local function count(account, size, by)
  local usage = usageOf(account)
  usage.entries, usage.bytes = usage.entries + by, usage.bytes + by * size
  length, bytes = length + by, bytes + by * size
end

local function noteSize()
  if length == 0 then return redis.call('DEL', sizeKey, accountsKey) end
  redis.call('SET', sizeKey, string.format('%.0f %.0f', length, math.max(0, bytes)))
  if not isCounted then redis.call('DEL', accountsKey) end
  for account, usage in pairs(accounts) do
    if account == '' then -- not counted
    elseif usage.entries <= 0 then redis.call('HDEL', accountsKey, account)
    else redis.call('HSET', accountsKey, account, string.format('%.0f %.0f', usage.entries, math.max(0, usage.bytes)))
    end
  end
end
