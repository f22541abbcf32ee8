import { chmodSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import {
  ensureAriPassword,
  ensureAsterisk,
  ensureServiceAccount,
  findRunningAsterisk,
  makeReachableFolder,
  openPortBook,
  startAsterisk,
  type AsteriskSpec,
  type OnProgress,
  type RunningAsterisk,
} from '@qianhu/parts';

import type { LabConfig } from './lab-config.ts';

export const LAB_APP = 'lab';

/** The lab's own Asterisk and where things are. */
export type LabAsterisk = {
  readonly spec: AsteriskSpec;
  readonly running: RunningAsterisk;
  readonly sipPort: number;
  readonly controlPort: number;
  /** Copy of the sounds that the switch's account can read. */
  readonly soundsDir: string;
};

/** Starts (or adopts) the carrier's Asterisk in `<dir>/asterisk`. Throws `PartsError`. */
export const startLabAsterisk = async (
  config: LabConfig,
  assetsDir: string,
  onProgress?: OnProgress,
): Promise<LabAsterisk> => {
  const dir = join(config.dir, 'asterisk');
  await makeReachableFolder(config.dir, await ensureServiceAccount());
  const program = await ensureAsterisk({ partsDir: config.partsDir, onProgress });
  const inUseByUs = (await findRunningAsterisk(dir)) !== undefined;
  const book = openPortBook(config.dir);
  const sipPort = config.ports.sip ?? (await book.port('lab-sip', { protocol: 'both', inUseByUs }));
  const httpPort = config.ports.http ?? (await book.port('lab-http', { inUseByUs }));
  const controlPort = config.ports.control ?? (await book.port('lab-control'));
  const rtp = await book.range('lab-rtp', 4000);
  const soundsDir = join(config.dir, 'sounds');
  copySounds(assetsDir, soundsDir);
  const spec: AsteriskSpec = {
    name: 'lab',
    dir,
    program,
    http: { address: '127.0.0.1', port: httpPort },
    ari: { username: 'lab', password: await ensureAriPassword(dir) },
    sip: {
      transports: [
        { kind: 'udp', name: 'udp', address: '127.0.0.1', port: sipPort },
        { kind: 'tcp', name: 'tcp', address: '127.0.0.1', port: sipPort },
      ],
      userAgent: 'Qianhu lab carrier',
    },
    rtp: { firstPort: rtp.first, lastPort: rtp.last },
    stasisApp: LAB_APP,
    append: { pjsip: carrierPjsip(config) },
  };
  return { spec, running: await startAsterisk(spec), sipPort, controlPort, soundsDir };
};

/** The carrier's side of trunks: anyone on this machine by address, accounts by digest. */
const carrierPjsip = (config: Pick<LabConfig, 'accounts' | 'openToLoopback'>): string => {
  const endpoint = (name: string, more: readonly string[]): string[] => [
    `[${name}]`,
    'type=endpoint',
    'context=from-trunk',
    'disallow=all',
    'allow=alaw,ulaw',
    'direct_media=no',
    'rtp_symmetric=yes',
    'trust_id_inbound=yes',
    // 100rel and session timers only when asked for, as carriers do.
    '100rel=yes',
    'timers=yes',
    ...more,
    '',
  ];
  return [
    ...(config.openToLoopback
      ? [...endpoint('carrier', []), '[carrier]', 'type=identify', 'endpoint=carrier', 'match=127.0.0.0/8', '']
      : []),
    ...config.accounts.flatMap(({ username, password }) => [
      ...endpoint(username, [`auth=${username}`, `aors=${username}`]),
      `[${username}]`,
      'type=auth',
      'auth_type=digest',
      `username=${username}`,
      `password=${password}`,
      '',
      `[${username}]`,
      'type=aor',
      'max_contacts=4',
      'remove_existing=yes',
      '',
    ]),
  ].join('\n');
};

/** The clone may lie where the switch's account cannot go, so it gets a copy that all can read. */
const copySounds = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true });
  cpSync(from, to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
};
