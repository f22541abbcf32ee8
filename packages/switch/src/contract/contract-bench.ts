import { randomUUID } from 'node:crypto';

import type { BridgeId, LegId, PlaybackId, RecordingId } from '@qianhu/core';
import { expect } from 'vitest';

import { SwitchError, type Originate, type Switch, type SwitchEvent } from '../port.ts';
import type { ContractRig, FarEnd, FarEndStep } from './contract-rig.ts';

/** The events of a type. */
type EventOf<T extends SwitchEvent['type']> = SwitchEvent & { readonly type: T };

/** A rig with the ear and the short hands that the suite's tests share. */
export type Bench = {
  readonly rig: ContractRig;
  readonly sw: Switch;
  readonly events: readonly SwitchEvent[];
  of<T extends SwitchEvent['type']>(type: T): readonly EventOf<T>[];
  /** Events about one leg, in order. */
  ofLeg(legId: LegId): readonly SwitchEvent[];
  untilEvent<T extends SwitchEvent['type']>(
    type: T,
    matches?: (event: EventOf<T>) => boolean,
    limitMs?: number,
  ): Promise<EventOf<T>>;
  /** Dials the rig's carrier. */
  dial(number: string, more?: Partial<Originate>): Promise<LegId>;
  /** Dials a number that answers after 200 ms and waits until it is up. */
  call(number: string, after?: readonly FarEndStep[]): Promise<{ readonly legId: LegId; readonly farEnd: FarEnd }>;
  bridge(...legIds: LegId[]): Promise<BridgeId>;
  untilHears(farEnd: FarEnd, voices: readonly string[]): Promise<void>;
};

export const newLegId = (): LegId => randomUUID() as LegId;
export const newBridgeId = (): BridgeId => randomUUID() as BridgeId;
export const newPlaybackId = (): PlaybackId => randomUUID() as PlaybackId;
export const newRecordingId = (): RecordingId => randomUUID() as RecordingId;

export const ANSWERS: readonly FarEndStep[] = [
  { afterMs: 100, do: 'ring' },
  { afterMs: 100, do: 'answer' },
];

/** Makes the bench, puts the rig's trunk and phone. */
export const makeBench = async (rig: ContractRig): Promise<Bench> => {
  const sw = rig.switch;
  const events: SwitchEvent[] = [];
  sw.subscribe((event) => events.push(event));
  await sw.putTrunk(rig.trunk);
  await sw.putEndpoint(rig.phone);

  const of = <T extends SwitchEvent['type']>(type: T): EventOf<T>[] =>
    events.filter((event): event is EventOf<T> => event.type === type);

  const bench: Bench = {
    rig,
    sw,
    events,
    of,
    ofLeg: (legId) => events.filter((event) => 'legId' in event && event.legId === legId),
    untilEvent: async (type, matches = () => true, limitMs) => {
      await rig.until(type, () => of(type).some(matches), limitMs);
      return of(type).find(matches) ?? expect.fail(type);
    },
    dial: async (number, more = {}) => {
      const legId = more.legId ?? newLegId();
      await sw.originate({
        legId,
        target: { kind: 'trunk', trunkId: rig.trunk.trunkId, dialString: number },
        ringTimeoutMs: 20_000,
        ...more,
      });
      return legId;
    },
    call: async (number, after = []) => {
      const farEnd = rig.callee(number, [...ANSWERS, ...after]);
      const legId = await bench.dial(number);
      await bench.untilEvent('legAnswered', (event) => event.legId === legId);
      return { legId, farEnd };
    },
    bridge: async (...legIds) => {
      const bridgeId = newBridgeId();
      await sw.createBridge(bridgeId);
      await sw.addToBridge(bridgeId, legIds);
      return bridgeId;
    },
    untilHears: (farEnd, voices) => {
      const wanted = [...voices].sort().join();
      return rig.until(`${farEnd.voice} hears ${wanted || 'nothing'}`, async () => {
        const heard = [...(await farEnd.hears())].sort().join();
        return heard === wanted;
      });
    },
  };
  return bench;
};

/** The error of a command that must be refused; fails the test when it is accepted or throws something else. */
export const refusal = async (command: Promise<unknown>): Promise<SwitchError> => {
  const error = await command.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SwitchError) return error;
  return expect.fail(`Expected a SwitchError, got ${String(error)}.`);
};
