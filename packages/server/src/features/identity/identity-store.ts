import {
  station as stationSchema,
  type Locale,
  type Role,
  type Station,
  type User,
  type UserId,
} from '@qianhu/contracts';
import type { Kysely, Selectable } from 'kysely';
import { AppError } from '../../errors.ts';
import { sqlState, SQL_STATE } from '../../platform/database.ts';
import type { Schema, UsersTable } from '../../platform/schema.ts';

/** A person with what only the service may see. */
export type StoredUser = User & { readonly passwordHash: string };

export type NewUser = {
  readonly userId: UserId;
  readonly login: string;
  readonly displayName: string;
  readonly role: Role;
  readonly passwordHash: string;
  readonly locale: Locale;
  readonly station: Station;
  readonly isDemo: boolean;
  readonly mustChangePassword: boolean;
};

export type UserChange = {
  readonly displayName?: string;
  readonly role?: Role;
  readonly locale?: Locale;
  readonly station?: Station;
  readonly isDisabled?: boolean;
  readonly passwordHash?: string;
  readonly mustChangePassword?: boolean;
};

export type StoredSession = {
  readonly tokenHash: Buffer;
  readonly userId: UserId;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
  readonly expiresAtMs: number;
};

/** People and their sessions in PostgreSQL. */
export type IdentityStore = ReturnType<typeof createIdentityStore>;

const toUser = (row: Selectable<UsersTable>): StoredUser => {
  const station = stationSchema.safeParse(row.station);
  return {
    userId: row.id as UserId,
    login: row.login,
    displayName: row.display_name,
    role: row.role,
    locale: row.locale,
    station: station.success ? station.data : { kind: 'browser', mode: 'keptUp' },
    isDemo: row.demo,
    isDisabled: row.disabled_at !== null,
    mustChangePassword: row.must_change_password,
    createdAtMs: row.created_at.getTime(),
    passwordHash: row.password_hash,
  };
};

export const createIdentityStore = (db: Kysely<Schema>) => ({
  listUsers: async (): Promise<readonly StoredUser[]> =>
    (await db.selectFrom('users').selectAll().orderBy('login').execute()).map(toUser),

  findUser: async (userId: UserId): Promise<StoredUser | undefined> => {
    const row = await db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst();
    return row === undefined ? undefined : toUser(row);
  },

  findByLogin: async (login: string): Promise<StoredUser | undefined> => {
    const row = await db.selectFrom('users').selectAll().where('login', '=', login).executeTakeFirst();
    return row === undefined ? undefined : toUser(row);
  },

  /** People who may log in and administrate, locked until the transaction's end where one is running. */
  countAdministrators: async (): Promise<number> => {
    const row = await db
      .selectFrom('users')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .where('role', '=', 'administrator')
      .where('disabled_at', 'is', null)
      .executeTakeFirstOrThrow();
    return Number(row.n);
  },

  insertUser: async (user: NewUser): Promise<StoredUser> => {
    try {
      const row = await db
        .insertInto('users')
        .values({
          id: user.userId,
          login: user.login,
          display_name: user.displayName,
          role: user.role,
          password_hash: user.passwordHash,
          locale: user.locale,
          station: JSON.stringify(user.station),
          demo: user.isDemo,
          must_change_password: user.mustChangePassword,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return toUser(row);
    } catch (error) {
      if (sqlState(error) === SQL_STATE.uniqueViolation)
        throw new AppError('conflict', `The login ${user.login} is taken.`, { cause: error });
      throw error;
    }
  },

  updateUser: async (userId: UserId, change: UserChange, now: Date): Promise<StoredUser | undefined> => {
    const row = await db
      .updateTable('users')
      .set({
        ...(change.displayName === undefined ? {} : { display_name: change.displayName }),
        ...(change.role === undefined ? {} : { role: change.role }),
        ...(change.locale === undefined ? {} : { locale: change.locale }),
        ...(change.station === undefined ? {} : { station: JSON.stringify(change.station) }),
        ...(change.isDisabled === undefined ? {} : { disabled_at: change.isDisabled ? now : null }),
        ...(change.passwordHash === undefined ? {} : { password_hash: change.passwordHash }),
        ...(change.mustChangePassword === undefined ? {} : { must_change_password: change.mustChangePassword }),
        // Keeps the statement valid when nothing changes.
        login: (eb) => eb.ref('login'),
      })
      .where('id', '=', userId)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? undefined : toUser(row);
  },

  insertSession: async (session: StoredSession, userAgent: string | undefined): Promise<void> => {
    await db
      .insertInto('sessions')
      .values({
        token_hash: session.tokenHash,
        user_id: session.userId,
        created_at: new Date(session.createdAtMs),
        last_seen_at: new Date(session.lastSeenAtMs),
        expires_at: new Date(session.expiresAtMs),
        user_agent: userAgent?.slice(0, 300) ?? null,
      })
      .execute();
  },

  /** The session with its person; expired sessions and disabled people are not found. */
  findSession: async (
    tokenHash: Buffer,
    now: Date,
  ): Promise<{ readonly session: StoredSession; readonly user: StoredUser } | undefined> => {
    const row = await db
      .selectFrom('sessions as s')
      .innerJoin('users as u', 'u.id', 's.user_id')
      .selectAll('u')
      .select(['s.created_at as session_created_at', 's.last_seen_at', 's.expires_at'])
      .where('s.token_hash', '=', tokenHash)
      .where('s.expires_at', '>', now)
      .where('u.disabled_at', 'is', null)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const user = toUser(row);
    return {
      user,
      session: {
        tokenHash,
        userId: user.userId,
        createdAtMs: row.session_created_at.getTime(),
        lastSeenAtMs: row.last_seen_at.getTime(),
        expiresAtMs: row.expires_at.getTime(),
      },
    };
  },

  touchSession: async (tokenHash: Buffer, lastSeen: Date, expires: Date): Promise<void> => {
    await db
      .updateTable('sessions')
      .set({ last_seen_at: lastSeen, expires_at: expires })
      .where('token_hash', '=', tokenHash)
      .execute();
  },

  deleteSession: async (tokenHash: Buffer): Promise<void> => {
    await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
  },

  /** Ends sessions of a person, but for the one to keep; returns those that were ended. */
  deleteSessionsOf: async (userId: UserId, keep?: Buffer): Promise<readonly Buffer[]> => {
    let query = db.deleteFrom('sessions').where('user_id', '=', userId);
    if (keep !== undefined) query = query.where('token_hash', '!=', keep);
    return (await query.returning('token_hash').execute()).map((row) => row.token_hash);
  },

  deleteExpiredSessions: async (now: Date): Promise<readonly Buffer[]> =>
    (await db.deleteFrom('sessions').where('expires_at', '<=', now).returning('token_hash').execute()).map(
      (row) => row.token_hash,
    ),
});
