import { AsteriskSwitch, silentLogger as silentSwitchLogger } from '@qianhu/switch';
import { startAsteriskUnderTest, type AsteriskUnderTest } from '@qianhu/switch/testing';
import type { Pool } from 'pg';
import { realClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { silentLogger, type Logger } from '../../platform/log.ts';
import { LiveEngine } from '../live-engine.ts';

const clock = realClock();

/** The engine on a private Asterisk of the test's own, and on the test's database. */
export type RealSwitchRig = {
  readonly engine: LiveEngine;
  readonly switch: AsteriskSwitch;
  readonly asterisk: AsteriskUnderTest;
  /** Where SIP goes, `host:port`. */
  readonly sip: string;
  close(): Promise<void>;
};

export const startRealSwitchRig = async (
  pool: Pool,
  options: {
    readonly recordingsFolder: string;
    readonly openSecret?: (sealed: Buffer) => string;
    readonly log?: Logger;
    readonly asterisk?: AsteriskUnderTest;
  },
): Promise<RealSwitchRig> => {
  const asterisk = options.asterisk ?? (await startAsteriskUnderTest());
  const adapter = new AsteriskSwitch({
    ariUrl: asterisk.ariUrl,
    username: asterisk.spec.ari.username,
    password: asterisk.spec.ari.password,
    app: asterisk.app,
    spoolDir: asterisk.paths.spool,
    celFile: asterisk.paths.celFile,
    controlSocket: asterisk.controlSocket,
    clock,
    logger: silentSwitchLogger,
    reachabilityEveryMs: 200,
  });
  const engine = new LiveEngine({
    pool,
    switch: adapter,
    clock,
    log: options.log ?? silentLogger(),
    ids: createIdSource(() => clock.now()),
    openSecret: options.openSecret ?? (() => ''),
    prompt: () => [{ kind: 'file', path: asterisk.prompt }],
    recordingsFolder: options.recordingsFolder,
    holder: 'rig',
    onLost: () => undefined,
  });
  await engine.start();
  return {
    engine,
    switch: adapter,
    asterisk,
    sip: `127.0.0.1:${asterisk.sipPort}`,
    close: async () => {
      await engine.stop();
      await asterisk.close();
    },
  };
};
