import { ringsOut, type Switch, type VirtualSwitch } from '@qianhu/switch';
import { expect, it } from 'vitest';
import { engineTests } from './testing/engine-tests.ts';
import { readyAgents, until, virtualExchange, writeFixture } from './testing/engine-world-rig.ts';

const world = engineTests();

/** A switch whose phones are back at once when their endpoints are put again. */
const phonesBackAtOnce = (virtual: VirtualSwitch): Switch =>
  new Proxy<Switch>(virtual, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (key !== 'putEndpoint')
        return typeof value === 'function' ? (value as (...all: unknown[]) => unknown).bind(target) : value;
      return async (endpoint: Parameters<Switch['putEndpoint']>[0]): Promise<void> => {
        await target.putEndpoint(endpoint);
        virtual.exchange.provisioning.register(endpoint.endpointId, undefined);
        virtual.exchange.provisioning.register(endpoint.endpointId, 'sip:phone@127.0.0.1:5070');
      };
    },
  });

it('rings the phones again that were back before the switch had been held against what we knew', async () => {
  const fixture = await writeFixture(world.pool, { leads: 1, agents: 2 });
  const exchange = virtualExchange({ calleeFor: () => ringsOut(5), soundMs: () => 50 });
  const rig = world.rig(exchange, { wrap: phonesBackAtOnce });
  const { engine } = rig;
  await engine.start();
  await readyAgents(engine, fixture.agentIds);
  const before = exchange.invites;
  exchange.restart(100, true);
  await until(() => exchange.invites === before + 2, 'both phones to be rung');
  await until(() => engine.floor().agents.every((agent) => agent.stationUp), 'the stations');
  expect(engine.floor().agents.map((agent) => agent.phase)).toEqual(['paused', 'paused']);
});
