import { describe, expect, test } from 'vitest';

import { newBridgeId, newLegId, refusal, ANSWERS, type Bench } from './contract-bench.ts';

/** One row of the endings table: what the far end says, and what `legEnded` must say of it. */
const REFUSALS = [
  { sipStatus: 486, cause: 17, means: 'busy' },
  { sipStatus: 603, cause: 21, means: 'declined' },
  { sipStatus: 404, cause: 1, means: 'no such number' },
  { sipStatus: 480, cause: 19, means: 'unavailable' },
  { sipStatus: 503, cause: 34, means: 'congestion' },
] as const;

/** Dialling, ringing, answering, ending, incoming calls, keys. */
export const legContract = (bench: () => Bench): void => {
  describe('a dial', () => {
    test('rings, is answered and is up, and each is told', async () => {
      const { rig, sw, dial, untilEvent, ofLeg } = bench();
      const farEnd = rig.callee('1001', [
        { afterMs: 100, do: 'ring' },
        { afterMs: 400, do: 'answer' },
      ]);
      const legId = await dial('1001');
      await untilEvent('legRinging', (event) => event.legId === legId);
      expect((await sw.snapshot()).legs.find((leg) => leg.legId === legId)?.phase).toBe('ringing');
      await untilEvent('legAnswered', (event) => event.legId === legId);
      expect((await sw.snapshot()).legs.find((leg) => leg.legId === legId)?.phase).toBe('up');
      expect(ofLeg(legId).map((event) => event.type)).toEqual(['legRinging', 'legAnswered']);
      expect(farEnd.invites()).toBe(1);
      await rig.until('the far end is up', () => farEnd.state() === 'up');
    });

    test('shows the caller ID and the headers it was given', async () => {
      const { rig, dial } = bench();
      const farEnd = rig.callee('1002', ANSWERS);
      await dial('1002', { callerId: { number: '01058881234' }, headers: { 'X-Qianhu-Test': 'yes' } });
      await rig.until('the INVITE', () => farEnd.invites() === 1);
      expect(farEnd.callerNumber()).toBe('01058881234');
      expect(farEnd.header('X-Qianhu-Test')).toBe('yes');
    });

    test('refuses headers that are not X- headers', async () => {
      const { rig, dial, events } = bench();
      const farEnd = rig.callee('1003', ANSWERS);
      const error = await refusal(dial('1003', { headers: { From: 'somebody' } }));
      expect(error.code).toBe('invalid');
      await rig.pass(300);
      expect(farEnd.invites()).toBe(0);
      expect(events.filter((event) => 'legId' in event)).toEqual([]);
    });

    test('with the same id is dialled once, whether the leg is alive or gone', async () => {
      const { rig, dial, untilEvent, of } = bench();
      const farEnd = rig.callee('1004', [...ANSWERS, { afterMs: 500, do: 'hangUp' }]);
      const legId = await dial('1004');
      await dial('1004', { legId });
      await untilEvent('legAnswered');
      await dial('1004', { legId });
      await untilEvent('legEnded');
      await dial('1004', { legId });
      await rig.pass(800);
      expect(farEnd.invites()).toBe(1);
      expect(of('legAnswered')).toHaveLength(1);
      expect(of('legEnded')).toHaveLength(1);
    });

    test('two at the same moment with one id are one', async () => {
      const { rig, dial } = bench();
      const farEnd = rig.callee('1005', ANSWERS);
      const legId = newLegId();
      await Promise.all([dial('1005', { legId }), dial('1005', { legId })]);
      await rig.until('the far end is up', () => farEnd.state() === 'up');
      await rig.pass(300);
      expect(farEnd.invites()).toBe(1);
    });

    test.each(REFUSALS)('that is refused with $sipStatus ($means) ends by them', async ({ sipStatus, cause }) => {
      const { rig, dial, untilEvent, of } = bench();
      rig.callee('1006', [{ afterMs: 100, do: 'reject', sipStatus }]);
      const legId = await dial('1006');
      const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
      expect(ending).toMatchObject({ cause, sipStatus, by: 'them' });
      await rig.pass(300);
      expect(of('legEnded')).toHaveLength(1);
      expect(of('legAnswered')).toHaveLength(0);
    });

    test('that rings and is then refused tells both', async () => {
      const { rig, dial, untilEvent, ofLeg } = bench();
      rig.callee('1007', [
        { afterMs: 100, do: 'ring' },
        { afterMs: 300, do: 'reject', sipStatus: 486 },
      ]);
      const legId = await dial('1007');
      await untilEvent('legEnded');
      expect(ofLeg(legId).map((event) => event.type)).toEqual(['legRinging', 'legEnded']);
    });

    test('that rings out ends by us at the ring time-out, with no status of theirs', async () => {
      const { rig, dial, untilEvent } = bench();
      const farEnd = rig.callee('1008', [{ afterMs: 50, do: 'ring' }]);
      const legId = await dial('1008', { ringTimeoutMs: 1500 });
      const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
      expect(ending).toMatchObject({ cause: 19, by: 'us' });
      expect(ending).not.toHaveProperty('sipStatus');
      await rig.until('the far end was cancelled', () => farEnd.state() === 'ended');
    });

    test('that nobody replies to ends by us at the ring time-out', async () => {
      const { rig, dial, untilEvent, of } = bench();
      rig.callee('1009', []);
      await dial('1009', { ringTimeoutMs: 1500 });
      const { ending } = await untilEvent('legEnded');
      expect(ending.by).toBe('us');
      expect(ending).not.toHaveProperty('sipStatus');
      expect(of('legRinging')).toEqual([]);
    });

    test('that we hang up while it rings ends by us', async () => {
      const { rig, sw, dial, untilEvent } = bench();
      const farEnd = rig.callee('1010', [{ afterMs: 50, do: 'ring' }]);
      const legId = await dial('1010');
      await untilEvent('legRinging');
      await sw.hangUp(legId, 'normal');
      const { ending } = await untilEvent('legEnded');
      expect(ending).toMatchObject({ cause: 16, by: 'us' });
      expect(ending).not.toHaveProperty('sipStatus');
      await rig.until('the far end was cancelled', () => farEnd.state() === 'ended');
    });

    test('that we hang up at once is gone, and ends once', async () => {
      const { rig, sw, dial, untilEvent, of } = bench();
      rig.callee('1011', ANSWERS);
      const legId = await dial('1011');
      await sw.hangUp(legId, 'normal');
      const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
      expect(ending.by).toBe('us');
      await rig.pass(600);
      expect(of('legEnded')).toHaveLength(1);
      expect((await sw.snapshot()).legs).toEqual([]);
    });

    test('with early media tells its progress, and what is said is heard before the answer', async () => {
      const { rig, sw, call, dial, untilEvent, untilHears } = bench();
      if (!sw.capabilities.earlyMedia) return;
      const agent = await call('1012');
      const bridgeId = newBridgeId();
      await sw.createBridge(bridgeId);
      await sw.addToBridge(bridgeId, [agent.legId]);
      const farEnd = rig.callee('1013', [
        { afterMs: 100, do: 'progress' },
        { afterMs: 3000, do: 'reject', sipStatus: 480 },
      ]);
      const legId = await dial('1013', { earlyMediaBridgeId: bridgeId });
      await untilEvent('legProgress', (event) => event.legId === legId);
      await untilHears(agent.farEnd, [farEnd.voice]);
      const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
      expect(ending).toMatchObject({ sipStatus: 480, by: 'them' });
    });

    test('that is answered after early media stays in its bridge, both ways', async () => {
      const { rig, sw, call, dial, untilEvent, untilHears } = bench();
      if (!sw.capabilities.earlyMedia) return;
      const agent = await call('1014');
      const bridgeId = newBridgeId();
      await sw.createBridge(bridgeId);
      await sw.addToBridge(bridgeId, [agent.legId]);
      const farEnd = rig.callee('1015', [
        { afterMs: 100, do: 'progress' },
        { afterMs: 500, do: 'answer' },
      ]);
      const legId = await dial('1015', { earlyMediaBridgeId: bridgeId });
      await untilEvent('legAnswered', (event) => event.legId === legId);
      await untilHears(agent.farEnd, [farEnd.voice]);
      await untilHears(farEnd, [agent.farEnd.voice]);
    });

    test('to an unknown trunk or endpoint is refused and tells nothing', async () => {
      const { rig, sw, events } = bench();
      const dials = [
        { kind: 'trunk', trunkId: 'no-such-trunk' as typeof rig.trunk.trunkId, dialString: '1016' } as const,
        { kind: 'endpoint', endpointId: 'no-such-phone' as typeof rig.phone.endpointId } as const,
      ];
      for (const target of dials) {
        const error = await refusal(sw.originate({ legId: newLegId(), target, ringTimeoutMs: 5000 }));
        expect(['notFound', 'refused', 'invalid']).toContain(error.code);
      }
      await rig.pass(300);
      expect(events.filter((event) => 'legId' in event)).toEqual([]);
    });

    test("to an agent's phone is answered by it", async () => {
      const { rig, sw, untilEvent } = bench();
      const legId = newLegId();
      await sw.originate({
        legId,
        target: { kind: 'endpoint', endpointId: rig.phone.endpointId },
        ringTimeoutMs: 5000,
      });
      await untilEvent('legAnswered', (event) => event.legId === legId);
      await rig.until('the phone is up', () => rig.phoneFarEnd.state() === 'up');
    });
  });

  describe('a leg that is up', () => {
    test('ends by them when they hang up', async () => {
      const { call, untilEvent, of, rig } = bench();
      const { legId, farEnd } = await call('1101');
      await farEnd.act({ do: 'hangUp' });
      const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
      expect(ending).toMatchObject({ cause: 16, by: 'them' });
      await rig.pass(300);
      expect(of('legEnded')).toHaveLength(1);
    });

    test('ends by us when we hang up, and hanging up again is accepted', async () => {
      const { rig, sw, call, untilEvent, of } = bench();
      const { legId, farEnd } = await call('1102');
      await sw.hangUp(legId, 'normal');
      const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
      expect(ending).toMatchObject({ cause: 16, by: 'us' });
      await rig.until('the far end ended', () => farEnd.state() === 'ended');
      await sw.hangUp(legId, 'normal');
      await sw.hangUp(newLegId(), 'normal');
      await rig.pass(300);
      expect(of('legEnded')).toHaveLength(1);
    });

    test('that hangs up as soon as it answered tells answer and end', async () => {
      const { rig, dial, untilEvent, ofLeg } = bench();
      rig.callee('1103', [
        { afterMs: 100, do: 'answer' },
        { afterMs: 0, do: 'hangUp' },
      ]);
      const legId = await dial('1103');
      await untilEvent('legEnded', (event) => event.legId === legId);
      await rig.pass(300);
      const types = ofLeg(legId).map((event) => event.type);
      expect([...types].sort()).toEqual(['legAnswered', 'legEnded']);
    });

    test('hears the keys we send, and its keys are told one by one', async () => {
      const { rig, sw, call, of } = bench();
      const { legId, farEnd } = await call('1104');
      await rig.pass(300);
      await sw.sendDtmf(legId, '12#');
      await rig.until('the far end got the keys', () => farEnd.digits() === '12#');
      await farEnd.act({ do: 'press', digits: '90*' });
      await rig.until('three keys', () => of('legDtmf').length === 3);
      expect(of('legDtmf').map((event) => event.digit)).toEqual(['9', '0', '*']);
      for (const event of of('legDtmf')) {
        expect(event.legId).toBe(legId);
        expect(event.durationMs).toBeGreaterThan(0);
      }
    });

    test('refuses keys that are none, and keys for a leg that is gone', async () => {
      const { sw, call } = bench();
      const { legId } = await call('1105');
      expect((await refusal(sw.sendDtmf(legId, 'x'))).code).toBe('invalid');
      expect((await refusal(sw.sendDtmf(newLegId(), '1'))).code).toBe('notFound');
    });

    test('is in the snapshot until it ends', async () => {
      const { sw, call, untilEvent } = bench();
      const { legId } = await call('1106');
      const before = await sw.snapshot();
      expect(before.legs).toMatchObject([{ legId, phase: 'up' }]);
      await sw.hangUp(legId, 'normal');
      await untilEvent('legEnded');
      const after = await sw.snapshot();
      expect(after.legs).toEqual([]);
      expect(after.incarnation).toBe(before.incarnation);
    });

    test("is found in the switch's history after its end", async () => {
      const { rig, sw, call, dial, untilEvent } = bench();
      if (!sw.capabilities.history) return;
      const sinceMs = rig.now();
      const talked = await call('1107', [{ afterMs: 300, do: 'hangUp' }]);
      rig.callee('1108', [{ afterMs: 100, do: 'reject', sipStatus: 486 }]);
      const busy = await dial('1108');
      await untilEvent('legEnded', (event) => event.legId === talked.legId);
      await untilEvent('legEnded', (event) => event.legId === busy);
      // A log on disk may be written a moment later.
      await rig.until('both are in the history', async () => (await sw.history(sinceMs)).length >= 2);
      const history = await sw.history(sinceMs);
      const ended = (legId: string) => history.find((leg) => leg.legId === legId);
      expect(ended(talked.legId)).toMatchObject({ ending: { cause: 16 } });
      expect(ended(talked.legId)?.answeredAtMs).toBeGreaterThanOrEqual(sinceMs);
      expect(ended(busy)).toMatchObject({ ending: { cause: 17 } });
      expect(ended(busy)).not.toHaveProperty('answeredAtMs');
      expect(await sw.history(rig.now() + 60_000)).toEqual([]);
    });

    test('that was traced shows its SIP messages', async () => {
      const { rig, sw, dial, untilEvent } = bench();
      if (!sw.capabilities.sipTrace) return;
      rig.callee('1109', [{ afterMs: 100, do: 'reject', sipStatus: 486 }]);
      const legId = await dial('1109', { trace: true });
      await untilEvent('legEnded');
      const trace = await sw.sipTrace(legId);
      expect(trace.find((message) => message.text.startsWith('INVITE'))?.direction).toBe('sent');
      expect(trace.find((message) => message.text.startsWith('SIP/2.0 486'))?.direction).toBe('received');
    });
  });

  describe('an incoming call', () => {
    test('is told, is answered, and both hear each other in a bridge', async () => {
      const { rig, sw, call, bridge, untilEvent, untilHears } = bench();
      const agent = await call('1201');
      const caller = await rig.callIn({ dialled: '4008001234', callerNumber: '13900139000' });
      const incoming = await untilEvent('legIncoming');
      expect(incoming).toMatchObject({
        from: { kind: 'trunk', trunkId: rig.trunk.trunkId },
        dialled: '4008001234',
        callerNumber: '13900139000',
      });
      expect((await sw.snapshot()).legs.find((leg) => leg.legId === incoming.legId)?.phase).not.toBe('up');
      await sw.answer(incoming.legId);
      await untilEvent('legAnswered', (event) => event.legId === incoming.legId);
      await bridge(agent.legId, incoming.legId);
      await untilHears(agent.farEnd, [caller.voice]);
      await untilHears(caller, [agent.farEnd.voice]);
    });

    test('that the caller gives up ends by them', async () => {
      const { rig, untilEvent } = bench();
      const caller = await rig.callIn({ dialled: '4008001234', callerNumber: '13900139000' });
      const { legId } = await untilEvent('legIncoming');
      await caller.act({ do: 'hangUp' });
      const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
      expect(ending.by).toBe('them');
    });

    test('that we refuse as busy shows the caller 486', async () => {
      const { rig, sw, untilEvent } = bench();
      const caller = await rig.callIn({ dialled: '4008001234', callerNumber: '13900139000' });
      const { legId } = await untilEvent('legIncoming');
      await sw.hangUp(legId, 'busy');
      const { ending } = await untilEvent('legEnded', (event) => event.legId === legId);
      expect(ending.by).toBe('us');
      await rig.until('the caller was refused', () => caller.refusedWith() !== undefined);
      expect(caller.refusedWith()).toBe(486);
    });
  });
};
