import { randomUUID } from 'node:crypto';

import type { LegId, TrunkId } from '@qianhu/core';
import { AsteriskSwitch, realScheduler, silentLogger, type Originate, type SwitchEvent } from '@qianhu/switch';

import { startAsteriskUnderTest } from '../../../switch/src/testing/asterisk-under-test.ts';
import { until } from '../../../switch/src/testing/until.ts';

/** A switch of ours with one trunk to the far end under test. */
export type Caller = {
  readonly sw: AsteriskSwitch;
  readonly events: readonly SwitchEvent[];
  dial(number: string, more?: Partial<Originate>): Promise<LegId>;
  /** Waits for an event of a leg. */
  untilLeg<T extends SwitchEvent['type']>(legId: LegId, type: T, limitMs?: number): Promise<SwitchEvent & { type: T }>;
  /** Types of a leg's events so far. */
  story(legId: LegId): readonly string[];
  close(): Promise<void>;
};

/** Starts a private Asterisk as the calling side, whose trunk goes to `127.0.0.1:sipPort`. */
export const startCaller = async (sipPort: number): Promise<Caller> => {
  const asterisk = await startAsteriskUnderTest();
  const sw = new AsteriskSwitch({
    ariUrl: asterisk.ariUrl,
    username: asterisk.spec.ari.username,
    password: asterisk.spec.ari.password,
    app: asterisk.app,
    spoolDir: asterisk.paths.spool,
    celFile: asterisk.paths.celFile,
    controlSocket: asterisk.controlSocket,
    clock: realScheduler(),
    logger: silentLogger,
  });
  const events: SwitchEvent[] = [];
  sw.subscribe((event) => events.push(event));
  await sw.connect();
  const trunkId = 'far-end' as TrunkId;
  await sw.putTrunk({
    trunkId,
    transport: 'udp',
    host: '127.0.0.1',
    port: sipPort,
    auth: { kind: 'ip' },
    codecs: ['alaw'],
    dtmf: 'rfc4733',
    callerIdIn: 'from',
    qualifySec: 0,
  });
  const isOf = (event: SwitchEvent, legId: LegId): boolean => 'legId' in event && event.legId === legId;
  return {
    sw,
    events,
    dial: async (number, more = {}) => {
      const legId = randomUUID() as LegId;
      await sw.originate({
        legId,
        target: { kind: 'trunk', trunkId, dialString: number },
        ringTimeoutMs: 20_000,
        callerId: { number: '01058881234' },
        ...more,
      });
      return legId;
    },
    untilLeg: (legId, type, limitMs = 15_000) =>
      until(
        () => events.find((event) => event.type === type && isOf(event, legId)) as never,
        limitMs,
        `No ${type} of the leg.`,
      ),
    story: (legId) => events.filter((event) => isOf(event, legId)).map((event) => event.type),
    close: async () => {
      await sw.close();
      await asterisk.close();
    },
  };
};
