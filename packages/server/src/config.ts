import { isIP } from 'node:net';
import { z } from 'zod';
import { AppError } from './errors.ts';

/** What the environment says. The only place that reads it; settings that a supervisor changes stand in the database. */
export type Config = {
  readonly port: number;
  readonly host: string;
  /** Value of QIANHU_HOME; undefined: the default of the account. */
  readonly home: string | undefined;
  readonly parts: string | undefined;
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** Undefined: the private Asterisk. */
  readonly asterisk: AsteriskAddress | undefined;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Undefined: *local* mode, everything on loopback. */
  readonly network: NetworkMode | undefined;
  /** Certificate and key of the one port; in *network* mode one is made when none is given. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** `auto`: loaded at the first start when there is no trunk. */
  readonly demo: 'auto' | 'off';
};

/** An Asterisk that somebody else runs. */
export type AsteriskAddress = {
  /** Base of ARI without slash, for example `http://10.0.0.5:8088/ari`. */
  readonly ariUrl: string;
  readonly username: string;
  readonly password: string;
};

/** How agents and carriers reach us from other machines. */
export type NetworkMode = {
  /** Address that browsers and carriers send audio to. */
  readonly publicAddress: string;
  readonly sipPort: number;
  /** CIDR ranges reached without the public address. */
  readonly localNetworks: readonly string[];
  readonly stunServer: string | undefined;
};

const port = z.coerce.number({ error: 'A port number from 1 to 65535 is needed.' }).int().min(1).max(65_535);
const text = z.string().trim().min(1);

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

const asterisk = z.string().transform((value, context): AsteriskAddress => {
  // Never the value itself in the fault: it holds the password.
  const bad = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return bad('Expected http://USER:PASSWORD@HOST:PORT.');
  }
  if (!['http:', 'https:'].includes(url.protocol)) return bad('Expected http:// or https://.');
  if (url.username === '' || url.password === '')
    return bad('The ARI user and password are missing: http://USER:PASSWORD@HOST:PORT.');
  const path = url.pathname.replace(/\/+$/, '');
  return {
    ariUrl: `${url.protocol}//${url.host}${path === '' ? '/ari' : path}`,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
});

const databaseUrl = z.string().refine((value) => /^postgres(?:ql)?:\/\/[^\s]+$/.test(value), {
  error: 'Expected postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
});

const environment = z.object({
  PORT: port.default(8080),
  HOST: text.default('127.0.0.1'),
  QIANHU_HOME: text.optional(),
  QIANHU_PARTS: text.optional(),
  DATABASE_URL: databaseUrl.optional(),
  ASTERISK_URL: asterisk.optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  QIANHU_PUBLIC_ADDRESS: text.refine((value) => isIP(value) > 0, { error: 'An IP address is needed.' }).optional(),
  QIANHU_SIP_PORT: port.default(5060),
  QIANHU_LOCAL_NETWORKS: z
    .string()
    .default('10.0.0.0/8,172.16.0.0/12,192.168.0.0/16')
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(
      z.array(
        z.string().regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, 'Ranges such as 192.168.0.0/16 are needed, separated by commas.'),
      ),
    ),
  QIANHU_STUN: z
    .string()
    .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'HOST:PORT is needed.')
    .optional(),
  TLS_CERT: text.optional(),
  TLS_KEY: text.optional(),
  QIANHU_DEMO: z.enum(['auto', 'off']).default('auto'),
});

/**
 * Reads the environment. Throws one `AppError` that names every fault together; values are not repeated, since some are
 * secrets. A variable that is set to nothing counts as not set.
 */
export const readConfig = (variables: Readonly<Record<string, string | undefined>>): Config => {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environment.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (parsed.success) {
    const { HOST, QIANHU_PUBLIC_ADDRESS, TLS_CERT, TLS_KEY } = parsed.data;
    if ((TLS_CERT === undefined) !== (TLS_KEY === undefined)) faults.push('TLS_CERT and TLS_KEY go together.');
    if (!isLoopback(HOST) && QIANHU_PUBLIC_ADDRESS === undefined)
      faults.push(
        'HOST: to serve other machines also set QIANHU_PUBLIC_ADDRESS, the address at which they reach this one.',
      );
    if (isLoopback(HOST) && QIANHU_PUBLIC_ADDRESS !== undefined)
      faults.push('QIANHU_PUBLIC_ADDRESS: also set HOST to the address to listen on, for example 0.0.0.0.');
  }
  if (!parsed.success || faults.length > 0)
    throw new AppError(
      'invalid',
      `The environment has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n  ${faults.join('\n  ')}`,
      {
        details: { faults },
      },
    );
  const env = parsed.data;
  return {
    port: env.PORT,
    host: env.HOST,
    home: env.QIANHU_HOME,
    parts: env.QIANHU_PARTS,
    databaseUrl: env.DATABASE_URL,
    asterisk: env.ASTERISK_URL,
    logLevel: env.LOG_LEVEL,
    network:
      env.QIANHU_PUBLIC_ADDRESS === undefined
        ? undefined
        : {
            publicAddress: env.QIANHU_PUBLIC_ADDRESS,
            sipPort: env.QIANHU_SIP_PORT,
            localNetworks: env.QIANHU_LOCAL_NETWORKS,
            stunServer: env.QIANHU_STUN,
          },
    tls:
      env.TLS_CERT === undefined || env.TLS_KEY === undefined
        ? undefined
        : { certFile: env.TLS_CERT, keyFile: env.TLS_KEY },
    demo: env.QIANHU_DEMO,
  };
};

/** The environment of this process. */
export const processConfig = (): Config => readConfig(process.env);
