#!lua
-- Runs the next step of the redrive that runs as a task: moves as many messages as its rate allows now. Any process may run it, at any
-- time: what was moved and when the next message may be moved are stored in the same atomic step.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    redrives  hash  see parts/tasks.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the process that runs it
-- ARGV[4]     how long no other process needs to run it, ms
-- ARGV[5..]   two for each queue that is known: its name, then '1' if messages may be sent to it, else '0'
--
-- Result: nil when the queue does not exist; otherwise { '1' while the task is to be continued by this process, else '0'; in how many ms;
-- messages in the outbox; the account that started it, '' for staff; then the queues of which must be known for the next step whether
-- they exist and that account may send to them }.

-- @include queue
-- @include tasks

-- A step moves at most so many messages, and none while as many wait in the outbox.
local MAX_MOVES = 100
-- After a pause, at most the messages of this time are made up for.
local CATCH_UP_MS = 500

local task = runningTask()
if not task or (task.runner ~= ARGV[3] and task.runnerUntil > now) then return { '0', 0, 0, '' } end
task.runner, task.runnerUntil = ARGV[3], now + ARGV[4]
if task.account ~= '' and not isAllowed('receive ' .. task.account, settings[8], settings[9]) then
  endTask(task, 'failed', 'The account that started it may not receive from this queue any more.')
  return { '0', 0, redis.call('ZCARD', outboxKey), task.account }
end

local exists = {}
for at = 5, #ARGV, 2 do exists[ARGV[at]] = ARGV[at + 1] end
if task.to ~= '' and exists[task.to] == '0' then
  endTask(task, 'failed', 'Queue ' .. task.to .. ' does not exist, or may not be sent to.')
  return { '0', 0, redis.call('ZCARD', outboxKey), task.account }
end

applyDue()
local moved, unknown, outgoing = 0, {}, redis.call('ZCARD', outboxKey)
local waitMs = 0
if not task.done then
  local allowed = math.min(MAX_MOVES, task.max and task.max - task.moved or math.huge)
  local costMs = task.perSecond and 1000 / task.perSecond
  if costMs then
    task.nextAt = math.max(task.nextAt, now - CATCH_UP_MS)
    allowed = math.min(allowed, math.floor((now - task.nextAt) / costMs) + 1)
  end
  if allowed > 0 and outgoing < MAX_MOVES then
    local ended
    moved, ended, unknown = runRedrive(task, allowed, exists)
    task.moved = task.moved + moved
    task.done = ended or task.moved == task.max
  end
  if costMs then
    task.nextAt = task.nextAt + moved * costMs
    waitMs = math.max(0, math.ceil(task.nextAt - now))
  end
end
outgoing = redis.call('ZCARD', outboxKey)
if task.done and outgoing == 0 then
  endTask(task, 'completed')
else
  writeTask(task)
end
finish()
return { task.state == 'running' and '1' or '0', waitMs, outgoing, task.account, unpack(unknown) }
