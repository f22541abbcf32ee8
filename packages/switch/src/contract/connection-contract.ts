import { describe, expect, test } from 'vitest';

import type { SwitchEvent } from '../port.ts';
import { newLegId, newRecordingId, refusal, ANSWERS, type Bench } from './contract-bench.ts';

/** Connecting, losing, restarting, being replaced. */
export const connectionContract = (bench: () => Bench): void => {
  describe('the connection', () => {
    test('is up, and says how many new calls may come', () => {
      const { sw } = bench();
      expect(sw.health().state).toBe('up');
      expect(sw.admission().free).toBeGreaterThan(0);
      expect(sw.admission().newCallsPerSecond).toBeGreaterThan(0);
    });

    test('tells every listener, also beside one that throws, and no removed one', async () => {
      const { sw, call, events } = bench();
      const heard: SwitchEvent[] = [];
      let removedHeard = 0;
      sw.subscribe(() => {
        throw new Error('broken listener');
      });
      sw.subscribe((event) => heard.push(event));
      const remove = sw.subscribe(() => removedHeard++);
      remove();
      remove();
      await call('5001');
      const ofLegs = (all: readonly SwitchEvent[]) => all.filter((event) => 'legId' in event);
      expect(ofLegs(heard)).toEqual(ofLegs(events));
      expect(removedHeard).toBe(0);
    });

    test('that is cut loses events but no call; the snapshot and the history tell the rest', async () => {
      const { rig, sw, call, untilEvent, of } = bench();
      const [stays, goes] = [await call('5002'), await call('5003')];
      const recordingId = newRecordingId();
      await sw.startRecording({ recordingId, leftLegId: goes.legId });
      await rig.pass(300);
      const cutAtMs = rig.now();
      const before = await sw.snapshot();
      await rig.cut();
      await untilEvent('connectionLost');
      expect(sw.health().state).not.toBe('up');
      const error = await refusal(sw.hangUp(stays.legId, 'normal'));
      expect(error).toMatchObject({ code: 'notConnected', retryable: true });
      await goes.farEnd.act({ do: 'hangUp' });
      await rig.pass(500);
      await rig.mend();
      const restored = await untilEvent('connectionRestored', () => true, 20_000);
      expect(restored.sameIncarnation).toBe(true);
      const after = await sw.snapshot();
      expect(after.incarnation).toBe(before.incarnation);
      expect(after.legs.map((leg) => leg.legId)).toEqual([stays.legId]);
      if (sw.capabilities.history) {
        await rig.until('the end is in the history', async () => (await sw.history(cutAtMs)).length === 1);
        expect(await sw.history(cutAtMs)).toMatchObject([{ legId: goes.legId, ending: { cause: 16 } }]);
      }
      // What ended meanwhile is told once at most, and a recording is finished in any case.
      expect(of('legEnded').length).toBeLessThanOrEqual(1);
      await untilEvent('recordingFinished', (event) => event.recordingId === recordingId);
      // Control works again.
      await sw.hangUp(stays.legId, 'normal');
      await untilEvent('legEnded', (event) => event.legId === stays.legId);
    });

    test('to a switch that died and came back tells one end per leg, by the switch', async () => {
      const { rig, sw, call, dial, untilEvent, of } = bench();
      const up = await call('5004');
      rig.callee('5005', [{ afterMs: 50, do: 'ring' }]);
      const ringing = await dial('5005', { ringTimeoutMs: 60_000 });
      await untilEvent('legRinging', (event) => event.legId === ringing);
      const before = (await sw.snapshot()).incarnation;
      await rig.restart();
      await untilEvent('connectionLost', () => true, 30_000);
      const restored = await untilEvent('connectionRestored', () => true, 60_000);
      expect(restored.sameIncarnation).toBe(false);
      const ends = of('legEnded').map((event) => [event.legId, event.ending.by]);
      expect(ends.sort()).toEqual(
        [
          [up.legId, 'switch'],
          [ringing, 'switch'],
        ].sort(),
      );
      const after = await sw.snapshot();
      expect(after.incarnation).not.toBe(before);
      expect(after.legs).toEqual([]);
      expect(after.bridges).toEqual([]);
      // The leg ids of before are spent; new calls work once the trunk is put.
      await sw.putTrunk(rig.trunk);
      const farEnd = rig.callee('5006', ANSWERS);
      await dial('5006');
      await rig.until('a new call is up', () => farEnd.state() === 'up');
      expect(of('legEnded')).toHaveLength(2);
    }, 120_000);

    test('that is closed leaves the calls; the next client finds them and ends them', async () => {
      const { rig, sw, call, bridge, untilHears } = bench();
      const [a, b] = [await call('5007'), await call('5008')];
      const bridgeId = await bridge(a.legId, b.legId);
      await untilHears(a.farEnd, [b.farEnd.voice]);
      await sw.close();
      await sw.close();
      await rig.pass(300);
      const next = rig.secondClient();
      const heard: SwitchEvent[] = [];
      next.subscribe((event) => heard.push(event));
      await next.connect();
      const { legs, bridges } = await next.snapshot();
      expect(legs.map((leg) => leg.legId).sort()).toEqual([a.legId, b.legId].sort());
      expect(bridges.map((each) => each.bridgeId)).toContain(bridgeId);
      await untilHears(b.farEnd, [a.farEnd.voice]);
      await next.hangUp(a.legId, 'normal');
      await rig.until('its end', () => heard.some((event) => event.type === 'legEnded' && event.legId === a.legId));
    });

    test('that another process took over says so and takes no more commands', async () => {
      const { rig, sw, untilEvent } = bench();
      const next = rig.secondClient();
      await next.connect();
      await untilEvent('replaced');
      expect(sw.health().state).toBe('replaced');
      const error = await refusal(sw.hangUp(newLegId(), 'normal'));
      expect(error.code).toBe('notConnected');
      expect(next.health().state).toBe('up');
    });
  });
};
