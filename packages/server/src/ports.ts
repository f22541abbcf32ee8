import type { PartHealth } from '@qianhu/contracts';
import type { FastifyInstance } from 'fastify';
import type { Engine } from './engine/port.ts';
import type { PasswordHasher } from './features/identity/password-hasher.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { IdSource } from './platform/ids.ts';
import type { Logger } from './platform/log.ts';
import type { SecretBox } from './platform/secret-box.ts';

/** Everything of the outer world that the API role is given; `main.ts` gives the real ones, tests give theirs. */
export type ServerPorts = {
  readonly database: Database;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly secrets: SecretBox;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly home: string;
  readonly version: string;
  /** Cookies do not know ports: two copies on one machine need different names. */
  readonly cookieName: string;
  readonly localToken?: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  readonly webFolder?: string;
  readonly iceServers: readonly { readonly urls: readonly string[] }[];
  /** SIP WebSocket of the switch; undefined while it is away. */
  readonly switchSipUrl: () => string | undefined;
  /** Where SIP phones register, `host:port`. */
  readonly sipServer: string;
  readonly stopLab: () => Promise<void>;
  readonly watchedParts?: () => readonly PartHealth[];
  readonly hasher?: PasswordHasher;
  /** Further endpoints, registered behind the same doors. */
  readonly registerMore?: (app: FastifyInstance) => void | Promise<void>;
};
