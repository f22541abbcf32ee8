import { describe, expect, test } from 'vitest';

import { newBridgeId, newLegId, refusal, type Bench } from './contract-bench.ts';

/** Bridges, hold and mute. */
export const bridgeContract = (bench: () => Bench): void => {
  describe('a bridge', () => {
    test('lets two legs hear each other, and tells who is in it', async () => {
      const { sw, call, bridge, untilEvent, untilHears } = bench();
      const [a, b] = [await call('2001'), await call('2002')];
      const bridgeId = await bridge(a.legId, b.legId);
      await untilEvent('legBridged', (event) => event.legId === a.legId && event.bridgeId === bridgeId);
      await untilEvent('legBridged', (event) => event.legId === b.legId && event.bridgeId === bridgeId);
      await untilHears(a.farEnd, [b.farEnd.voice]);
      await untilHears(b.farEnd, [a.farEnd.voice]);
      const { legs, bridges } = await sw.snapshot();
      const found = bridges.find((each) => each.bridgeId === bridgeId);
      expect([...(found?.legIds ?? [])].sort()).toEqual([a.legId, b.legId].sort());
      for (const leg of legs) expect(leg.bridgeId).toBe(bridgeId);
    });

    test('moves a leg out of the bridge it was in', async () => {
      const { sw, call, bridge, untilEvent, untilHears } = bench();
      const [a, b, c] = [await call('2003'), await call('2004'), await call('2005')];
      const first = await bridge(a.legId, b.legId);
      const second = await bridge(c.legId);
      await sw.addToBridge(second, [a.legId]);
      await untilEvent('legUnbridged', (event) => event.legId === a.legId && event.bridgeId === first);
      await untilEvent('legBridged', (event) => event.legId === a.legId && event.bridgeId === second);
      await untilHears(a.farEnd, [c.farEnd.voice]);
      await untilHears(b.farEnd, []);
    });

    test('that is destroyed leaves its legs alive and alone', async () => {
      const { rig, sw, call, bridge, untilHears, of } = bench();
      const [a, b] = [await call('2006'), await call('2007')];
      const bridgeId = await bridge(a.legId, b.legId);
      await untilHears(a.farEnd, [b.farEnd.voice]);
      await sw.destroyBridge(bridgeId);
      await rig.until('both left', () => of('legUnbridged').length === 2);
      await sw.destroyBridge(bridgeId);
      await untilHears(a.farEnd, []);
      const { legs, bridges } = await sw.snapshot();
      expect(legs).toHaveLength(2);
      for (const leg of legs) expect(leg).not.toHaveProperty('bridgeId');
      expect(bridges.map((each) => each.bridgeId)).not.toContain(bridgeId);
    });

    test('that exists may be created again and keeps its legs', async () => {
      const { sw, call, bridge, untilHears } = bench();
      const [a, b] = [await call('2008'), await call('2009')];
      const bridgeId = await bridge(a.legId, b.legId);
      await sw.createBridge(bridgeId);
      await sw.addToBridge(bridgeId, [a.legId]);
      await untilHears(b.farEnd, [a.farEnd.voice]);
    });

    test('loses a leg that is taken out, or that ends, and keeps the other', async () => {
      const { sw, call, bridge, untilEvent, untilHears } = bench();
      const [a, b, c] = [await call('2010'), await call('2011'), await call('2012')];
      const bridgeId = await bridge(a.legId, b.legId, c.legId);
      await sw.removeFromBridge(bridgeId, [c.legId]);
      await untilEvent('legUnbridged', (event) => event.legId === c.legId && event.bridgeId === bridgeId);
      await untilHears(a.farEnd, [b.farEnd.voice]);
      await b.farEnd.act({ do: 'hangUp' });
      await untilEvent('legEnded', (event) => event.legId === b.legId);
      await untilHears(a.farEnd, []);
      expect((await sw.snapshot()).bridges.find((each) => each.bridgeId === bridgeId)?.legIds).toEqual([a.legId]);
    });

    test('refuses legs and bridges that do not exist', async () => {
      const { sw, call, bridge } = bench();
      const a = await call('2013');
      const bridgeId = await bridge();
      expect((await refusal(sw.addToBridge(bridgeId, [newLegId()]))).code).toBe('notFound');
      expect((await refusal(sw.addToBridge(newBridgeId(), [a.legId]))).code).toBe('notFound');
      await sw.destroyBridge(newBridgeId());
    });
  });

  describe('hold and mute', () => {
    test('a held leg hears music and is not heard, until it is taken back', async () => {
      const { sw, call, bridge, untilHears } = bench();
      const [a, b] = [await call('2101'), await call('2102')];
      await bridge(a.legId, b.legId);
      await untilHears(b.farEnd, [a.farEnd.voice]);
      await sw.hold(a.legId);
      await untilHears(a.farEnd, ['music']);
      await untilHears(b.farEnd, []);
      await sw.unhold(a.legId);
      await untilHears(a.farEnd, [b.farEnd.voice]);
      await untilHears(b.farEnd, [a.farEnd.voice]);
    });

    test('a muted leg hears and is not heard', async () => {
      const { sw, call, bridge, untilHears } = bench();
      const [a, b] = [await call('2103'), await call('2104')];
      await bridge(a.legId, b.legId);
      await untilHears(b.farEnd, [a.farEnd.voice]);
      await sw.mute(a.legId, true);
      await untilHears(b.farEnd, []);
      await untilHears(a.farEnd, [b.farEnd.voice]);
      await sw.mute(a.legId, false);
      await untilHears(b.farEnd, [a.farEnd.voice]);
    });

    test('holding or muting a leg that is gone is refused', async () => {
      const { sw } = bench();
      expect((await refusal(sw.hold(newLegId()))).code).toBe('notFound');
      expect((await refusal(sw.mute(newLegId(), true))).code).toBe('notFound');
    });
  });
};
