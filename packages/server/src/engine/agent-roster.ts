import type { EngineAgent } from './agent-row.ts';
import { loggedOutFor } from './agent-row.ts';
import type { EngineWorld } from './engine-world.ts';

/**
 * Takes over who may take calls now: the new, the renamed, the disabled and the removed. Who may no longer is logged out
 * (after the talk, as the machine does it) and leaves the floor when that is done; a station never changes in use.
 */
export const takeRoster = (world: EngineWorld, rows: readonly EngineAgent[]): void => {
  const { kernel, clock } = world;
  const present = new Set(rows.map((row) => row.agentId));
  for (const row of rows) {
    const state = kernel.agents.state(row.agentId);
    const before = world.agentRows.get(row.agentId);
    const isFree = before === undefined || state === undefined || state.kind === 'loggedOut';
    world.agentRows.set(row.agentId, isFree ? row : { ...row, station: before.station });
    world.leaving.delete(row.agentId);
    world.changed({ agentId: row.agentId });
  }
  for (const agentId of [...world.agentRows.keys()]) {
    if (present.has(agentId)) continue;
    world.leaving.add(agentId);
    const state = kernel.agents.state(agentId);
    if (state === undefined || state.kind === 'loggedOut') letGo(world, agentId);
    else kernel.post(() => void kernel.agents.send(agentId, { type: 'logOut', atMs: clock.now() }));
  }
};

/** Takes an agent who has logged out off the floor when nobody is to be expected there any more. Runs at each log-out. */
export const leaveFloor = (world: EngineWorld, agentId: EngineAgent['agentId']): void => {
  if (world.leaving.has(agentId)) letGo(world, agentId);
};

const letGo = (world: EngineWorld, agentId: EngineAgent['agentId']): void => {
  world.leaving.delete(agentId);
  world.agentRows.delete(agentId);
  world.phoneAccounts.delete(agentId);
  world.lastCalls.delete(agentId);
};

/** Takes an agent in who was not known at the start, where the history of the row goes on: older numbers would be refused. */
export const takeInAgent = async (world: EngineWorld, agentId: EngineAgent['agentId']): Promise<void> => {
  const { rows } = await world.pool.query<{ seq: string }>('SELECT seq FROM agents WHERE user_id = $1', [agentId]);
  if (world.kernel.agents.state(agentId) === undefined)
    world.kernel.agents.add(agentId, loggedOutFor(agentId, world.clock.now()), Number(rows[0]?.seq ?? 0));
};
