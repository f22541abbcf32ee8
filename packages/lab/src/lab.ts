import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { stopAsterisk, writeFileAtomically, type OnProgress } from '@qianhu/parts';
import { realScheduler, type Logger } from '@qianhu/switch';

import { CallRecord } from './call-record.ts';
import { Carrier } from './carrier.ts';
import { startControl } from './control-server.ts';
import { LAB_APP, startLabAsterisk } from './lab-asterisk.ts';
import { readyFile, type LabConfig, type LabReady } from './lab-config.ts';
import { DEFAULT_POPULATION } from './population.ts';
import { patched } from './rules.ts';
import { wavLengths } from './wav-length.ts';

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
  const carrier = new Carrier({
    url: asterisk.running.ariUrl.replace(/\/ari$/, ''),
    username: asterisk.running.username,
    password: asterisk.running.password,
    app: LAB_APP,
    scheduler: realScheduler(),
    logger: deps.logger,
    record,
    soundsDir: asterisk.soundsDir,
    lengthMs: (sound) => lengths.get(sound),
    population: patched(DEFAULT_POPULATION, config.population),
    rules: config.rules,
  });
  await carrier.start();
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
      rmSync(readyFile(config.dir), { force: true });
      await control.close();
      carrier.close();
      await stopAsterisk(asterisk.spec);
      record.close();
    },
  };
};
