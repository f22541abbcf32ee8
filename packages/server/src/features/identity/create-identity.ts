import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database.ts';
import type { IdSource } from '../../platform/ids.ts';
import { createAuditStore, type AuditStore } from './audit-store.ts';
import { createIdentityService, type IdentityService } from './identity-service.ts';
import { createIdentityStore } from './identity-store.ts';
import { createLoginLimiter } from './login-limiter.ts';
import { createPasswordHasher, type PasswordHasher } from './password-hasher.ts';

export type Identity = { readonly identity: IdentityService; readonly audit: AuditStore };

/** Builds people, sessions and the audit on PostgreSQL. */
export const createIdentity = (deps: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly hasher?: PasswordHasher;
}): Identity => ({
  identity: createIdentityService({
    store: createIdentityStore(deps.database.kysely),
    hasher: deps.hasher ?? createPasswordHasher(),
    limiter: createLoginLimiter(),
    addressLimiter: createLoginLimiter({ mostFailures: 100, windowMs: 600_000 }),
    clock: deps.clock,
    ids: deps.ids,
  }),
  audit: createAuditStore(deps.database.kysely),
});
