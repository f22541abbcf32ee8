import { chown, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import {
  ensureAriPassword,
  ensureAsterisk,
  ensureServiceAccount,
  findRunningAsterisk,
  isRoot,
  openPortBook,
  startAsterisk,
  type AsteriskSpec,
  type HomeFolders,
  type OnProgress,
  type RunningAsterisk,
  type SipTransport,
} from '@qianhu/parts';
import type { NetworkMode } from '../../config.ts';
import { AppError } from '../../errors.ts';
import { ensureCertificate } from '../certificate.ts';

/** Name of our application at the switch. */
export const STASIS_APP = 'qianhu';

export type AsteriskServiceOptions = {
  readonly folders: HomeFolders;
  /** Prompts of the installation; copied, because the services' account may not enter a clone below /root. */
  readonly prompts: string;
  readonly network: NetworkMode | undefined;
  readonly nowMs: number;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
};

/** Where the switch finds prompts: `<home>/prompts/<locale>/<name>`. */
export const promptsFolder = (home: string): string => join(home, 'prompts');

/** Two ports a call and side; 4,000 serve 1,000 calls with their recordings. */
const RTP_PORTS = 4000;

/** What our Asterisk should be; also what `stop` needs. */
export const asteriskSpec = async (options: AsteriskServiceOptions): Promise<AsteriskSpec> => {
  const { folders, network, onProgress } = options;
  const ports = openPortBook(folders.home);
  const dir = folders.asteriskDir('main');
  const inUseByUs = (await findRunningAsterisk(dir)) !== undefined;
  const address = network === undefined ? '127.0.0.1' : '0.0.0.0';
  const sipPort = network?.sipPort ?? (await ports.port('sip-main', { protocol: 'both', inUseByUs }));
  const transports: SipTransport[] = [
    { kind: 'udp', name: 'udp', address, port: sipPort },
    { kind: 'tcp', name: 'tcp', address, port: sipPort },
    { kind: 'ws', name: 'ws' },
    ...(await tlsTransport(options, address)),
  ];
  const rtp = await ports.range('rtp-main', RTP_PORTS);
  return {
    name: 'main',
    dir,
    program: await ensureAsterisk({ partsDir: folders.partsDir, onProgress }),
    http: { address: '127.0.0.1', port: await ports.port('http-main', { inUseByUs }) },
    ari: { username: 'qianhu', password: await ensureAriPassword(dir) },
    sip: {
      transports,
      ...(network === undefined
        ? {}
        : {
            network: {
              externalMediaAddress: network.publicAddress,
              externalSignalingAddress: network.publicAddress,
              localNetworks: network.localNetworks,
            },
          }),
    },
    rtp: {
      firstPort: rtp.first,
      lastPort: rtp.last,
      ...(network?.stunServer === undefined ? {} : { stunServer: network.stunServer }),
    },
    stasisApp: STASIS_APP,
    musicOnHold: { default: join(promptsFolder(folders.home), 'moh') },
  };
};

/** Names of the transports of trunks that speak TLS. */
export const TLS_TRANSPORTS = { verified: 'tls', unchecked: 'tls-unchecked' } as const;

/** Debian's list of authorities (package ca-certificates). */
const SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * One file of those who may vouch for a carrier: the machine's authorities (those that Node comes with where it has none),
 * and what the administrator put into `trusted/` beside it (`*.pem`, `*.crt`).
 */
const writeAuthorities = async (folder: string): Promise<string> => {
  const trusted = join(folder, 'trusted');
  await mkdir(trusted, { recursive: true });
  const own = (await readdir(trusted)).filter((name) => /\.(?:pem|crt)$/.test(name)).sort();
  const system = await readFile(SYSTEM_AUTHORITIES, 'utf8').catch(() => rootCertificates.join('\n'));
  const texts = await Promise.all(own.map((name) => readFile(join(trusted, name), 'utf8')));
  const file = join(folder, 'authorities.pem');
  await writeFile(file, [system, ...texts].join('\n'), { mode: 0o644 });
  return file;
};

/**
 * The transports of trunks that speak TLS, one that checks the carrier's certificate and one that does not. Carriers rarely ask for a certificate of ours, so one of our own making serves;
 * without openssl there is none, and trunks over TLS stay unreachable while everything else works.
 */
const tlsTransport = async (options: AsteriskServiceOptions, address: string): Promise<readonly SipTransport[]> => {
  const { folders } = options;
  const folder = join(folders.home, 'sip-tls');
  try {
    await mkdir(folder, { recursive: true });
    const { certFile, keyFile } = await ensureCertificate(
      folder,
      options.network?.publicAddress ?? '127.0.0.1',
      options.nowMs,
    );
    const account = isRoot() ? await ensureServiceAccount() : undefined;
    if (account !== undefined) for (const file of [certFile, keyFile]) await chown(file, account.uid, account.gid);
    const ports = openPortBook(folders.home);
    const inUseByUs = (await findRunningAsterisk(folders.asteriskDir('main'))) !== undefined;
    const port = await ports.port('sips-main', { protocol: 'tcp', inUseByUs });
    const uncheckedPort = await ports.port('sips-main-unchecked', { protocol: 'tcp', inUseByUs });
    const authoritiesFile = await writeAuthorities(folder);
    const own = { kind: 'tls', address, certificateFile: certFile, privateKeyFile: keyFile } as const;
    return [
      { ...own, name: TLS_TRANSPORTS.verified, port, authoritiesFile },
      { ...own, name: TLS_TRANSPORTS.unchecked, port: uncheckedPort },
    ];
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
};

/** Where SIP phones and carriers reach our Asterisk once it runs, `host:port`. */
export const privateSipServer = async (folders: HomeFolders, network: NetworkMode | undefined): Promise<string> => {
  if (network !== undefined) return `${network.publicAddress}:${network.sipPort}`;
  return `127.0.0.1:${await openPortBook(folders.home).port('sip-main', { protocol: 'both', inUseByUs: true })}`;
};

/** Starts (or adopts) the private Asterisk of a home, with the prompts beside it. */
export const startPrivateAsterisk = async (options: AsteriskServiceOptions): Promise<RunningAsterisk> => {
  const to = promptsFolder(options.folders.home);
  await mkdir(to, { recursive: true });
  await cp(options.prompts, to, { recursive: true, force: true });
  await cp(join(options.prompts, '..', 'music'), join(to, 'moh'), { recursive: true, force: true });
  return startAsterisk(await asteriskSpec(options), { signal: options.signal });
};
