-- The redrives of a queue that run as tasks. `redrives` has one field for each, its id: a table as in parts/redrive.lua, packed, and
-- besides `id`, `state` ("running", "completed", "cancelled" or "failed"), `max`, `perSecond` (nil for no limit), `of`, `moved`, `began`,
-- `ended`, `error`; `account`, which started it, '' for staff; `nextAt`, when the next message may be moved; `runner`, the process that runs it, `runnerUntil` its lease; `done`, all
-- messages have been moved and some may still be in the outbox. The field "redrive" of the settings is the id of the running one. A task is
-- its record and nothing else: any process can run its next step.

-- @include redrive

local MAX_TASKS = 20 -- that a queue remembers
local redrivesKey = KEYS[14]

local function readTask(id)
  local packed = redis.call('HGET', redrivesKey, id)
  return packed and cmsgpack.unpack(packed)
end

local function writeTask(task)
  redis.call('HSET', redrivesKey, task.id, cmsgpack.pack(task))
end

local function runningTask()
  local id = redis.call('HGET', settingsKey, 'redrive')
  return id and readTask(id)
end

local function endTask(task, state, why)
  task.state, task.error, task.ended = state, why, now
  task.ids = nil
  writeTask(task)
  redis.call('HDEL', settingsKey, 'redrive')
end

-- { id, state, destination or '', perSecond or '', max or '', moved, of, began, ended or '', error or '' }
local function describeTask(task)
  return {
    task.id, task.state, task.to, task.perSecond or '', task.max or '', task.moved, task.of, task.began, task.ended or '', task.error or '',
  }
end
