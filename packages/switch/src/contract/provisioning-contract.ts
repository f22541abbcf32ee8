import { describe, expect, test } from 'vitest';

import { newLegId, refusal, ANSWERS, type Bench } from './contract-bench.ts';

/** Trunks and endpoints at run time. */
export const provisioningContract = (bench: () => Bench): void => {
  describe('a trunk', () => {
    test('that replies to OPTIONS is reachable, one that does not is not', async () => {
      const { rig, sw } = bench();
      await sw.putTrunk(rig.deadTrunk);
      const reachable = async (trunkId: typeof rig.trunk.trunkId): Promise<string> =>
        (await sw.trunkState(trunkId)).reachable;
      await rig.until('reachable', async () => (await reachable(rig.trunk.trunkId)) === 'reachable');
      await rig.until('unreachable', async () => (await reachable(rig.deadTrunk.trunkId)) === 'unreachable', 30_000);
      expect((await sw.trunkState(rig.trunk.trunkId)).registration).toBe('notUsed');
    });

    test('may be put again while a call is up, and the call stays', async () => {
      const { rig, sw, call, dial, untilEvent, of } = bench();
      const a = await call('4001');
      await sw.putTrunk({ ...rig.trunk, callerIdIn: 'pAssertedIdentity' });
      const farEnd = rig.callee('4002', ANSWERS);
      const legId = await dial('4002', { callerId: { number: '01058880000' } });
      await untilEvent('legAnswered', (event) => event.legId === legId);
      expect(farEnd.header('P-Asserted-Identity')).toContain('01058880000');
      expect(of('legEnded')).toEqual([]);
      expect((await sw.snapshot()).legs.map((leg) => leg.legId)).toContain(a.legId);
    });

    test('that is removed takes no more calls', async () => {
      const { rig, sw, dial } = bench();
      const farEnd = rig.callee('4003', ANSWERS);
      await sw.removeTrunk(rig.trunk.trunkId);
      await refusal(dial('4003'));
      await rig.pass(300);
      expect(farEnd.invites()).toBe(0);
      await sw.removeTrunk(rig.trunk.trunkId);
      expect((await refusal(sw.trunkState(rig.trunk.trunkId))).code).toBe('notFound');
    });
  });

  describe('an endpoint', () => {
    test('with a fixed contact counts as registered, one that must register and has not does not', async () => {
      const { rig, sw } = bench();
      await sw.putEndpoint(rig.absentPhone);
      expect((await sw.endpointState(rig.absentPhone.endpointId)).registered).toBe(false);
      await rig.until(
        'the fixed contact is known',
        async () => (await sw.endpointState(rig.phone.endpointId)).registered,
      );
    });

    test('that is not registered cannot be called: it is refused at once and nothing is told', async () => {
      const { rig, sw, of } = bench();
      await sw.putEndpoint(rig.absentPhone);
      const target = { kind: 'endpoint', endpointId: rig.absentPhone.endpointId } as const;
      const error = await refusal(sw.originate({ legId: newLegId(), target, ringTimeoutMs: 3000 }));
      expect(error.code).toBe('refused');
      await rig.pass(500);
      expect(of('legAnswered')).toEqual([]);
      expect(of('legEnded')).toEqual([]);
    });

    test('that is removed cannot be called and is not known', async () => {
      const { rig, sw } = bench();
      await sw.removeEndpoint(rig.phone.endpointId);
      const target = { kind: 'endpoint', endpointId: rig.phone.endpointId } as const;
      await refusal(sw.originate({ legId: newLegId(), target, ringTimeoutMs: 3000 }));
      expect((await refusal(sw.endpointState(rig.phone.endpointId))).code).toBe('notFound');
      await sw.removeEndpoint(rig.phone.endpointId);
    });
  });
};
