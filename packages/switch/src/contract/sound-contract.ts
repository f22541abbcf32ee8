import { describe, expect, test } from 'vitest';

import { newBridgeId, newLegId, newPlaybackId, newRecordingId, refusal, type Bench } from './contract-bench.ts';

/** A-law at 8 kHz. */
const BYTES_PER_SECOND = 8000;

/** Playbacks and recordings. */
export const soundContract = (bench: () => Bench): void => {
  describe('a playback', () => {
    test('is heard by its leg and ends as done', async () => {
      const { rig, sw, call, untilHears, untilEvent, of } = bench();
      const { legId, farEnd } = await call('3001');
      const playbackId = newPlaybackId();
      await sw.play(playbackId, { legId }, [{ kind: 'file', path: rig.sounds.prompt }]);
      await untilHears(farEnd, ['prompt']);
      expect(await sw.isPlaying(playbackId)).toBe(true);
      const finished = await untilEvent('playbackFinished', (event) => event.playbackId === playbackId);
      expect(finished.result).toBe('done');
      await untilHears(farEnd, []);
      expect(await sw.isPlaying(playbackId)).toBe(false);
      await sw.stopPlay(playbackId);
      await rig.pass(200);
      expect(of('playbackFinished')).toHaveLength(1);
    });

    test('plays its sources one after another and ends once', async () => {
      const { rig, sw, call, untilEvent, of } = bench();
      const { legId } = await call('3002');
      const startedAtMs = rig.now();
      await sw.play(newPlaybackId(), { legId }, [
        { kind: 'silence', ms: 600 },
        { kind: 'tone', tone: 'beep' },
        { kind: 'file', path: rig.sounds.prompt },
      ]);
      const finished = await untilEvent('playbackFinished');
      expect(finished.result).toBe('done');
      // Frames are 20 ms, and a source may be taken up a moment early.
      expect(rig.now() - startedAtMs).toBeGreaterThan(600 + rig.sounds.promptMs - 200);
      expect(of('playbackFinished')).toHaveLength(1);
    });

    test('that is stopped ends as stopped, and nothing is heard any more', async () => {
      const { sw, call, untilHears, untilEvent } = bench();
      const { legId, farEnd } = await call('3003');
      const playbackId = newPlaybackId();
      await sw.play(playbackId, { legId }, [{ kind: 'tone', tone: 'ringback' }]);
      await untilHears(farEnd, ['tone']);
      await sw.stopPlay(playbackId);
      expect((await untilEvent('playbackFinished')).result).toBe('stopped');
      await untilHears(farEnd, []);
    });

    test('of a file that does not exist fails', async () => {
      const { rig, sw, call, untilEvent } = bench();
      const { legId } = await call('3004');
      await sw.play(newPlaybackId(), { legId }, [{ kind: 'file', path: rig.sounds.missing }]);
      expect((await untilEvent('playbackFinished')).result).toBe('failed');
    });

    test('to a bridge is heard by all in it', async () => {
      const { rig, sw, call, bridge, untilHears, untilEvent } = bench();
      const [a, b] = [await call('3005'), await call('3006')];
      const bridgeId = await bridge(a.legId, b.legId);
      await untilHears(a.farEnd, [b.farEnd.voice]);
      await sw.play(
        newPlaybackId(),
        { bridgeId },
        Array.from({ length: 4 }, () => ({ kind: 'file', path: rig.sounds.prompt }) as const),
      );
      await untilHears(a.farEnd, [b.farEnd.voice, 'prompt']);
      await untilHears(b.farEnd, [a.farEnd.voice, 'prompt']);
      expect((await untilEvent('playbackFinished')).result).toBe('done');
    });

    test('whose leg ends is over, once, and not as done', async () => {
      const { rig, sw, call, untilHears, untilEvent, of } = bench();
      const { legId, farEnd } = await call('3007');
      await sw.play(newPlaybackId(), { legId }, [{ kind: 'tone', tone: 'busy' }]);
      await untilHears(farEnd, ['tone']);
      await farEnd.act({ do: 'hangUp' });
      expect((await untilEvent('playbackFinished')).result).not.toBe('done');
      await rig.pass(300);
      expect(of('playbackFinished')).toHaveLength(1);
    });

    test('to a leg or bridge that does not exist is refused; stopping an unknown one is accepted', async () => {
      const { sw } = bench();
      const sources = [{ kind: 'tone', tone: 'beep' }] as const;
      expect((await refusal(sw.play(newPlaybackId(), { legId: newLegId() }, sources))).code).toBe('notFound');
      expect((await refusal(sw.play(newPlaybackId(), { bridgeId: newBridgeId() }, sources))).code).toBe('notFound');
      await sw.stopPlay(newPlaybackId());
    });
  });

  describe('a recording', () => {
    test('holds each leg in its own file as said, and ends once', async () => {
      const { rig, sw, call, bridge, untilHears, untilEvent, of } = bench();
      const [a, b] = [await call('3101'), await call('3102')];
      await bridge(a.legId, b.legId);
      await untilHears(a.farEnd, [b.farEnd.voice]);
      const recordingId = newRecordingId();
      await sw.startRecording({ recordingId, leftLegId: a.legId, rightLegId: b.legId });
      await rig.pass(2000);
      expect((await sw.snapshot()).recordings).toEqual([recordingId]);
      await sw.stopRecording(recordingId);
      const finished = await untilEvent('recordingFinished', (event) => event.recordingId === recordingId);
      await sw.stopRecording(recordingId);
      await rig.pass(300);
      expect((await sw.snapshot()).recordings).toEqual([]);
      expect(of('recordingFinished')).toHaveLength(1);
      const { left, right } = finished;
      if (left === undefined || right === undefined) return expect.fail('A side is missing.');
      expect(Math.abs(left.startedAtMs - right.startedAtMs)).toBeLessThan(500);
      for (const [side, voice] of [
        [left, a.farEnd.voice],
        [right, b.farEnd.voice],
      ] as const) {
        const { bytes, voices } = await rig.recorded(side.path);
        expect(bytes).toBeGreaterThan(1.5 * BYTES_PER_SECOND);
        expect(voices).toEqual([voice]);
      }
    });

    test('may get its right side later; the starts tell the offset', async () => {
      const { rig, sw, call, untilEvent } = bench();
      const [a, b] = [await call('3103'), await call('3104')];
      const recordingId = newRecordingId();
      await sw.startRecording({ recordingId, leftLegId: a.legId });
      await rig.pass(1000);
      await sw.startRecording({ recordingId, leftLegId: a.legId, rightLegId: b.legId });
      await rig.pass(1000);
      await sw.stopRecording(recordingId);
      const { left, right } = await untilEvent('recordingFinished');
      if (left === undefined || right === undefined) return expect.fail('A side is missing.');
      const offsetMs = right.startedAtMs - left.startedAtMs;
      expect(offsetMs).toBeGreaterThan(800);
      const [leftBytes, rightBytes] = [(await rig.recorded(left.path)).bytes, (await rig.recorded(right.path)).bytes];
      // Both stop together, so the lengths differ by the offset (within a few frames).
      expect(Math.abs((leftBytes - rightBytes) / (BYTES_PER_SECOND / 1000) - offsetMs)).toBeLessThan(250);
    });

    test('goes on for the leg that stays when the other ends, and ends with it', async () => {
      const { rig, sw, call, untilEvent, of } = bench();
      const [a, b] = [await call('3105'), await call('3106')];
      const recordingId = newRecordingId();
      await sw.startRecording({ recordingId, leftLegId: a.legId, rightLegId: b.legId });
      await rig.pass(1000);
      await a.farEnd.act({ do: 'hangUp' });
      await untilEvent('legEnded', (event) => event.legId === a.legId);
      await rig.pass(1000);
      expect(of('recordingFinished')).toEqual([]);
      await sw.hangUp(b.legId, 'normal');
      const { left, right } = await untilEvent('recordingFinished');
      if (left === undefined || right === undefined) return expect.fail('A side is missing.');
      const bytes = (await rig.recorded(right.path)).bytes - (await rig.recorded(left.path)).bytes;
      expect(bytes).toBeGreaterThan(0.7 * BYTES_PER_SECOND);
    });

    test('of one leg alone ends with its leg and has one side', async () => {
      const { rig, sw, call, untilEvent } = bench();
      const a = await call('3107');
      await sw.startRecording({ recordingId: newRecordingId(), leftLegId: a.legId });
      await rig.pass(500);
      await a.farEnd.act({ do: 'hangUp' });
      const finished = await untilEvent('recordingFinished');
      expect(finished.left).toBeDefined();
      expect(finished).not.toHaveProperty('right');
    });

    test('of a leg that does not exist is refused; stopping an unknown one is accepted', async () => {
      const { sw } = bench();
      const error = await refusal(sw.startRecording({ recordingId: newRecordingId(), leftLegId: newLegId() }));
      expect(error.code).toBe('notFound');
      await sw.stopRecording(newRecordingId());
    });
  });
};
