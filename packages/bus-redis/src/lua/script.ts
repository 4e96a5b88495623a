import { createHash } from 'node:crypto';

/**
 * A Lua script for Redis. Each lives in a file of its own in this folder, as a string constant, so that the compiler carries it into the
 * build like any other code; KEYS, ARGV and the reply are named on top.
 */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

export const script = (name: string, source: string): Script => ({
  name,
  source,
  sha: createHash('sha1').update(source).digest('hex'),
});

/** Lua: `now`, milliseconds on Redis' own clock. Leases are never judged by a node's clock. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Lua: `position(value, id)`, where the id stands in a packed list of ids of the same length, or nil. */
export const POSITION = `
local function position(value, id)
  local at = 1
  while true do
    at = string.find(value, id, at, true)
    if not at or (at - 1) % #id == 0 then return at end
    at = at + 1
  end
end
`;

/** Lua: `enter(key, id)` puts the id into the packed list at key, once. */
export const ENTER = `
local function enter(key, id)
  local value = redis.call('GET', key)
  if not value then
    redis.call('SET', key, id)
  elseif not position(value, id) then
    redis.call('APPEND', key, id)
  end
end
`;

/** Lua: `remove(key, id)` takes the id out of the packed list at key; the last one takes the key with it. */
export const REMOVE = `
local function remove(key, id)
  local value = redis.call('GET', key)
  local at = value and position(value, id)
  if not at then return end
  if #value == #id then
    redis.call('DEL', key)
  else
    redis.call('SET', key, string.sub(value, 1, at - 1) .. string.sub(value, at + #id))
  end
end
`;
