import { createHash, randomBytes } from 'node:crypto';
import type { CreateUserBody, Locale, UpdateUserBody, User, UserId } from '@qianhu/contracts';
import { AppError } from '../../errors.ts';
import type { Viewer } from '../../http/viewer.ts';
import type { Clock } from '../../platform/clock.ts';
import type { IdSource } from '../../platform/ids.ts';
import type { IdentityStore, StoredUser } from './identity-store.ts';
import type { LoginLimiter } from './login-limiter.ts';
import { makePassword } from '../../platform/legible-password.ts';
import type { PasswordHasher } from './password-hasher.ts';

/** A session ends after so long without a request, and in any case after the longest. A shift fits in. */
const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 24 * 3_600_000;
/** The row is not written at every request. */
const TOUCH_AFTER_MS = 60_000;

export type IdentityDeps = {
  readonly store: IdentityStore;
  readonly hasher: PasswordHasher;
  /** Failures per name and address: nobody can lock another out from elsewhere. */
  readonly limiter: LoginLimiter;
  /** Failures per address, over many names; generous, because an office may share one address. */
  readonly addressLimiter: LoginLimiter;
  readonly clock: Clock;
  readonly ids: IdSource;
};

/** Who is in the house: people, passwords, sessions. */
export interface IdentityService {
  /** Makes `admin` with a random password when nobody may administrate; undefined otherwise. */
  ensureAdministrator(): Promise<{ readonly login: string; readonly password: string } | undefined>;
  /** Throws 401 on a wrong pair, 429 after too many. `token` is the cookie's value. */
  logIn(input: {
    readonly login: string;
    readonly password: string;
    readonly address: string;
    readonly userAgent: string | undefined;
  }): Promise<{ readonly token: string; readonly user: User; readonly viewer: Viewer }>;
  logOut(sessionKey: string): Promise<void>;
  findViewer(token: string): Promise<Viewer | undefined>;
  user(userId: UserId): Promise<User>;
  listUsers(): Promise<readonly User[]>;
  createUser(
    body: CreateUserBody,
    options?: { isDemo?: boolean },
  ): Promise<{ readonly user: User; readonly password?: string }>;
  updateUser(userId: UserId, body: UpdateUserBody, by: Viewer): Promise<User>;
  setLocale(userId: UserId, locale: Locale): Promise<User>;
  changePassword(viewer: Viewer, current: string, next: string): Promise<void>;
  /** Logs a person out everywhere. */
  revokeSessions(userId: UserId): Promise<void>;
  /** Told each time that a session ends, by its key. Returns the remover. */
  onSessionEnded(listener: (sessionKey: string) => void): () => void;
  /** Removes sessions that have run out; called now and then. */
  pruneSessions(): Promise<void>;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Without what only the service may see. */
const publicUser = ({ passwordHash: _hash, ...user }: StoredUser): User => user;

export const createIdentityService = ({
  store,
  hasher,
  limiter,
  addressLimiter,
  clock,
  ids,
}: IdentityDeps): IdentityService => {
  const listeners = new Set<(sessionKey: string) => void>();
  const ended = (hashes: readonly Buffer[]): void => {
    for (const hash of hashes) for (const listener of [...listeners]) listener(hash.toString('hex'));
  };
  const now = (): Date => new Date(clock.now());
  const found = (user: StoredUser | undefined): StoredUser => {
    if (user === undefined) throw new AppError('notFound', 'There is no such person.');
    return user;
  };
  const viewerOf = (user: StoredUser, tokenHash: Buffer): Viewer => ({
    userId: user.userId,
    login: user.login,
    name: user.displayName,
    role: user.role,
    locale: user.locale,
    sessionKey: tokenHash.toString('hex'),
  });
  const endSessionsOf = async (userId: UserId, keep?: Buffer): Promise<void> => {
    ended(await store.deleteSessionsOf(userId, keep));
  };
  const createUser: IdentityService['createUser'] = async (body, options = {}) => {
    const made = body.password === undefined ? makePassword() : undefined;
    const user = await store.insertUser({
      userId: ids.next<UserId>(),
      login: body.login,
      displayName: body.displayName,
      role: body.role,
      passwordHash: await hasher.hash(body.password ?? made ?? ''),
      locale: body.locale,
      station: body.station,
      isDemo: options.isDemo ?? false,
      mustChangePassword: made !== undefined,
    });
    return { user: publicUser(user), ...(made === undefined ? {} : { password: made }) };
  };

  return {
    async ensureAdministrator() {
      if ((await store.countAdministrators()) > 0) return undefined;
      // A house whose only administrators were disabled gets a new one under a free name.
      let login = 'admin';
      for (let n = 2; (await store.findByLogin(login)) !== undefined; n += 1) login = `admin${n}`;
      const password = makePassword();
      await createUser({
        login,
        displayName: '管理员',
        role: 'administrator',
        password,
        locale: 'zh',
        station: { kind: 'browser', mode: 'keptUp' },
      });
      return { login, password };
    },

    async logIn({ login, password, address, userAgent }) {
      const key = `${login}|${address}`;
      const waitMs = Math.max(limiter.waitMs(key, clock.now()), addressLimiter.waitMs(address, clock.now()));
      if (waitMs > 0)
        throw new AppError('tooMany', 'Too many wrong tries; wait a little.', {
          details: { retryAfterSec: Math.ceil(waitMs / 1000) },
        });
      const user = await store.findByLogin(login);
      const isRight =
        user === undefined ? await hasher.pretend(password) : await hasher.verify(user.passwordHash, password);
      if (user === undefined || !isRight || user.isDisabled) {
        limiter.failed(key, clock.now());
        addressLimiter.failed(address, clock.now());
        throw new AppError('unauthenticated', 'Login or password is wrong.');
      }
      limiter.succeeded(key);
      const token = randomBytes(32).toString('base64url');
      const tokenHash = hashOf(token);
      const nowMs = clock.now();
      await store.insertSession(
        { tokenHash, userId: user.userId, createdAtMs: nowMs, lastSeenAtMs: nowMs, expiresAtMs: nowMs + IDLE_MS },
        userAgent,
      );
      return { token, user: publicUser(user), viewer: viewerOf(user, tokenHash) };
    },

    async logOut(sessionKey) {
      const hash = Buffer.from(sessionKey, 'hex');
      await store.deleteSession(hash);
      ended([hash]);
    },

    async findViewer(token) {
      const tokenHash = hashOf(token);
      const hit = await store.findSession(tokenHash, now());
      if (hit === undefined) return undefined;
      const nowMs = clock.now();
      if (nowMs - hit.session.lastSeenAtMs > TOUCH_AFTER_MS) {
        const expiresAtMs = Math.min(nowMs + IDLE_MS, hit.session.createdAtMs + LONGEST_MS);
        await store.touchSession(tokenHash, new Date(nowMs), new Date(expiresAtMs));
      }
      return viewerOf(hit.user, tokenHash);
    },

    user: async (userId) => publicUser(found(await store.findUser(userId))),
    listUsers: async () => (await store.listUsers()).map(publicUser),
    createUser,

    async updateUser(userId, body, by) {
      const before = found(await store.findUser(userId));
      const losesPower =
        before.role === 'administrator' &&
        !before.isDisabled &&
        (body.isDisabled === true || (body.role !== undefined && body.role !== 'administrator'));
      if (losesPower && by.userId === userId)
        throw new AppError('conflict', 'You cannot take your own rights away; another administrator can.');
      if (losesPower && (await store.countAdministrators()) <= 1)
        throw new AppError('conflict', 'This is the last administrator.');
      const { password, ...change } = body;
      const user = await store.updateUser(
        userId,
        {
          ...change,
          ...(password === undefined
            ? {}
            : { passwordHash: await hasher.hash(password), mustChangePassword: by.userId !== userId }),
        },
        now(),
      );
      const mustLeave =
        body.isDisabled === true || password !== undefined || (body.role !== undefined && body.role !== before.role);
      if (mustLeave) await endSessionsOf(userId);
      return publicUser(found(user));
    },

    setLocale: async (userId, locale) => publicUser(found(await store.updateUser(userId, { locale }, now()))),

    async changePassword(viewer, current, next) {
      const { userId, sessionKey } = viewer;
      const user = userId === undefined ? undefined : await store.findUser(userId);
      if (user === undefined) throw new AppError('forbidden', 'This is for people who are logged in.');
      const key = `password|${user.userId}`;
      if (limiter.waitMs(key, clock.now()) > 0) throw new AppError('tooMany', 'Too many wrong tries; wait a little.');
      if (!(await hasher.verify(user.passwordHash, current))) {
        limiter.failed(key, clock.now());
        throw new AppError('invalid', 'The present password is wrong.', {
          details: { errors: [{ path: 'currentPassword', message: 'Wrong.', code: 'wrong' }] },
        });
      }
      await store.updateUser(user.userId, { passwordHash: await hasher.hash(next), mustChangePassword: false }, now());
      await endSessionsOf(user.userId, sessionKey === undefined ? undefined : Buffer.from(sessionKey, 'hex'));
    },

    async revokeSessions(userId) {
      found(await store.findUser(userId));
      await endSessionsOf(userId);
    },

    onSessionEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async pruneSessions() {
      ended(await store.deleteExpiredSessions(now()));
    },
  };
};
