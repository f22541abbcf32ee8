import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WAV_HEADER_BYTES, wavHeader } from '@qianhu/core';
import {
  asteriskPaths,
  ensureAsterisk,
  findRunningAsterisk,
  isRoot,
  resolveHome,
  startAsterisk,
  stopAsterisk,
  type AsteriskPaths,
  type AsteriskSpec,
  type SipTransport,
} from '@qianhu/parts';

/** A private Asterisk of a test's own, in a temporary folder. */
export type AsteriskUnderTest = {
  readonly spec: AsteriskSpec;
  readonly paths: AsteriskPaths;
  readonly ariUrl: string;
  readonly controlSocket: string;
  readonly sipPort: number;
  readonly app: string;
  readonly dir: string;
  /** Path without extension of a sound of one second at 1,500 Hz. */
  readonly prompt: string;
  /** `kill -9`, then started again with the same configuration. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
};

export const PROMPT_HZ = 1500;
export const MUSIC_HZ = 350;
const PASSWORD = 'only-for-tests';

/** 16 bit mono at 8 kHz. */
const toneWav = (hz: number, ms: number): Buffer => {
  const count = (8000 * ms) / 1000;
  const file = Buffer.alloc(WAV_HEADER_BYTES + 2 * count);
  file.set(wavHeader({ frames: count, channels: 1, rate: 8000 }));
  for (let n = 0; n < count; n += 1) {
    file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hz * n) / 8000)), WAV_HEADER_BYTES + 2 * n);
  }
  return file;
};

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/**
 * @param more Text appended to the configuration, for what a test needs.
 * @param rtpPorts Size of the RTP range; a call takes two.
 * @param moreTransports Given a folder that Asterisk may read.
 */
export const startAsteriskUnderTest = async (
  more?: AsteriskSpec['append'],
  rtpPorts = 200,
  moreTransports: (dir: string) => Promise<readonly SipTransport[]> = () => Promise.resolve([]),
): Promise<AsteriskUnderTest> => {
  const { QIANHU_HOME: home, QIANHU_PARTS: parts } = process.env;
  const { partsDir } = resolveHome({ home, parts, isRoot: isRoot(), cwd: process.cwd() });
  const program = await ensureAsterisk({ partsDir });
  const dir = mkdtempSync(join(tmpdir(), 'qianhu-switch-'));
  // As root Asterisk runs as a user of its own, who must get in.
  chmodSync(dir, 0o755);
  const music = join(dir, 'music');
  mkdirSync(music);
  writeFileSync(join(music, 'music.wav'), toneWav(MUSIC_HZ, 2000));
  writeFileSync(join(dir, 'prompt.wav'), toneWav(PROMPT_HZ, 1000));
  const httpPort = await freePort();
  const sipPort = await freePort();
  // Spread by port so that several test runs do not share RTP ports.
  const firstPort = 20_000 + (httpPort % 190) * 200;
  const app = 'qianhu-test';
  const spec: AsteriskSpec = {
    name: 'test',
    dir: join(dir, 'asterisk'),
    program,
    http: { address: '127.0.0.1', port: httpPort },
    ari: { username: 'qianhu', password: PASSWORD },
    sip: {
      transports: [
        { kind: 'udp', name: 'udp', address: '127.0.0.1', port: sipPort },
        { kind: 'tcp', name: 'tcp', address: '127.0.0.1', port: sipPort },
        { kind: 'ws', name: 'ws' },
        ...(await moreTransports(dir)),
      ],
    },
    rtp: { firstPort, lastPort: firstPort + rtpPorts - 1 },
    stasisApp: app,
    musicOnHold: { default: music },
    ...(more === undefined ? {} : { append: more }),
  };
  const kill = async (): Promise<void> => {
    const identity = await findRunningAsterisk(spec.dir);
    if (!identity) return;
    process.kill(identity.pid, 'SIGKILL');
    while ((await findRunningAsterisk(spec.dir)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const running = await startAsterisk(spec);
  const start = async (): Promise<void> => {
    await startAsterisk(spec);
  };
  const paths = asteriskPaths(spec.dir);
  return {
    spec,
    paths,
    ariUrl: running.ariUrl,
    controlSocket: join(paths.run, 'asterisk.ctl'),
    sipPort,
    app,
    dir,
    prompt: join(dir, 'prompt'),
    kill,
    start,
    restart: async () => {
      await kill();
      await start();
    },
    close: async () => {
      await stopAsterisk(spec).catch(() => kill());
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
