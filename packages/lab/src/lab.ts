import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import {
  rotateAsteriskLogs,
  rotateCel,
  startAsterisk,
  stopAsterisk,
  writeFileAtomically,
  type OnProgress,
} from '@qianhu/parts';
import { realScheduler, type Logger, type Scheduler } from '@qianhu/switch';

import { CallRecord } from './call-record.ts';
import { Carrier } from './carrier.ts';
import { startControl } from './control-server.ts';
import { LAB_APP, startLabAsterisk, type LabAsterisk } from './lab-asterisk.ts';
import { readyFile, type LabConfig, type LabReady } from './lab-config.ts';
import { DEFAULT_POPULATION } from './population.ts';
import { patched } from './rules.ts';
import { wavLengths } from './wav-length.ts';

/** How often the carrier's Asterisk is looked at. */
const WATCH_MS = 1000;
/** Logs are looked at every ten minutes. */
const LOOKS_PER_ROTATION = 600;

export type Lab = {
  readonly ready: LabReady;
  /** Ends control and carrier, and the carrier's Asterisk with its calls. */
  close(): Promise<void>;
};

/** Brings a whole lab up in this process: Asterisk, carrier, record, control. Throws `PartsError` when Asterisk cannot be had. */
export const startLab = async (
  config: LabConfig,
  deps: { readonly assetsDir: string; readonly logger: Logger; readonly onProgress?: OnProgress },
): Promise<Lab> => {
  mkdirSync(config.dir, { recursive: true });
  rmSync(readyFile(config.dir), { force: true });
  const asterisk = await startLabAsterisk(config, deps.assetsDir, deps.onProgress);
  const record = new CallRecord(join(config.dir, 'record.jsonl'));
  const lengths = wavLengths(deps.assetsDir);
  const scheduler = realScheduler();
  const carrier = new Carrier({
    url: asterisk.running.ariUrl.replace(/\/ari$/, ''),
    username: asterisk.running.username,
    password: asterisk.running.password,
    app: LAB_APP,
    scheduler,
    logger: deps.logger,
    record,
    soundsDir: asterisk.soundsDir,
    recordingsDir: asterisk.running.paths.recordings,
    lengthMs: (sound) => lengths.get(sound),
    population: patched(DEFAULT_POPULATION, config.population),
    rules: config.rules,
  });
  await carrier.start();
  const unwatch = watchAsterisk(asterisk, carrier, scheduler, deps.logger);
  const token = randomBytes(24).toString('base64url');
  const control = await startControl({ carrier, record, token, port: asterisk.controlPort });
  const ready: LabReady = {
    ready: true,
    pid: process.pid,
    sipPort: asterisk.sipPort,
    ariPort: asterisk.spec.http.port,
    controlUrl: control.url,
    token,
    recordPath: record.path,
  };
  await writeFileAtomically(readyFile(config.dir), `${JSON.stringify(ready)}\n`, { mode: 0o600 });
  return {
    ready,
    close: async () => {
      unwatch();
      rmSync(readyFile(config.dir), { force: true });
      await control.close();
      carrier.close();
      await stopAsterisk(asterisk.spec);
      record.close();
    },
  };
};

/**
 * Starts the carrier's Asterisk again when it died (its calls then stand in the book as lost) and keeps its logs small.
 * Returns what stops the watch.
 */
const watchAsterisk = (
  { spec, running }: LabAsterisk,
  carrier: Carrier,
  scheduler: Scheduler,
  logger: Logger,
): (() => void) => {
  let isOver = false;
  let cancel: () => void;
  let looks = 0;
  const look = async (): Promise<void> => {
    try {
      if (++looks % LOOKS_PER_ROTATION === 0) {
        await rotateAsteriskLogs(running);
        await rotateCel(running.paths.celFile);
      }
      // A living one is only adopted, so a connection that is merely slow to come back loses nothing.
      if (carrier.state === 'connecting') await startAsterisk(spec);
    } catch (error) {
      logger.error({ error: String(error) }, 'looking after the lab switch failed');
    }
    if (!isOver) again();
  };
  const again = (): void => {
    cancel = scheduler.setTimer(WATCH_MS, () => void look());
  };
  again();
  return () => {
    isOver = true;
    cancel();
  };
};
