-- Notifies the open streams of all processes which of their messages are settled: a text of ids on the wake channel.
local function notifyStreams(ids)
  if #ids > 0 and streamsUntil > now then redis.call('PUBLISH', channel, table.concat(ids, ' ')) end
end
