import type { CreateTrunkBody, Trunk, TrunkSettings, UpdateTrunkBody } from '@qianhu/contracts';
import { formatProblems, type PhoneNumber, type TrunkId } from '@qianhu/core';
import type { Engine, TrunkTestResult } from '../../engine/port.ts';
import { AppError } from '../../errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { IdSource } from '../../platform/ids.ts';
import type { Logger } from '../../platform/log.ts';
import type { SecretBox } from '../../platform/secret-box.ts';
import type { StoredTrunk, TrunkStore } from './trunk-store.ts';

export type TrunkDeps = {
  readonly store: TrunkStore;
  readonly engine: Pick<Engine, 'reloadTrunks' | 'testTrunk' | 'trunkState'>;
  readonly secrets: SecretBox;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Lines to carriers. */
export interface TrunkService {
  list(): Promise<readonly Trunk[]>;
  get(trunkId: TrunkId): Promise<Trunk>;
  /** `isDemo` only by the demonstration itself: such a trunk leads to the lab. */
  create(body: CreateTrunkBody, options?: { readonly isDemo?: boolean }): Promise<Trunk>;
  update(trunkId: TrunkId, body: UpdateTrunkBody): Promise<Trunk>;
  /** Moves the lab's trunk to where the lab listens now; only for demonstration trunks. */
  moveDemo(trunkId: TrunkId, address: { readonly host: string; readonly port: number }): Promise<Trunk>;
  delete(trunkId: TrunkId): Promise<void>;
  test(
    trunkId: TrunkId,
    number: PhoneNumber,
    options: { readonly ringTimeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<TrunkTestResult>;
}

/** Everything wrong with settings that the contract cannot see; throws 400 with all of it. */
const checkSettings = (settings: TrunkSettings, hasPassword: boolean): void => {
  const errors: { path: string; message: string; code: string }[] = [];
  for (const [field, rules] of [
    ['dialFormat', settings.dialFormat],
    ['callerIdFormat', settings.callerIdFormat],
  ] as const)
    for (const fault of formatProblems({ home: settings.home, rules }))
      errors.push({ path: `settings.${field}.${fault.ruleIndex}`, message: fault.problem, code: fault.problem });
  if (settings.auth.kind !== 'ip' && !hasPassword)
    errors.push({ path: 'password', message: 'This way of logging in needs a password.', code: 'missing' });
  if (settings.limits.maxSpendPerHour !== undefined && settings.costPerCall === 0)
    errors.push({
      path: 'settings.costPerCall',
      message: 'A limit on spend needs the cost of a call.',
      code: 'missing',
    });
  if (errors.length > 0)
    throw new AppError('invalid', `The trunk has ${errors.length} fault${errors.length === 1 ? '' : 's'}.`, {
      details: { errors },
    });
};

export const createTrunkService = ({ store, engine, secrets, ids, clock, log }: TrunkDeps): TrunkService => {
  const withState = (trunk: StoredTrunk): Trunk => {
    const state = trunk.isEnabled ? engine.trunkState(trunk.trunkId) : undefined;
    return state === undefined ? trunk : { ...trunk, state };
  };
  const found = async (trunkId: TrunkId): Promise<StoredTrunk> => {
    const trunk = await store.find(trunkId);
    if (trunk === undefined) throw new AppError('notFound', 'There is no such trunk.');
    return trunk;
  };
  /** The row is the truth: an engine that is away reads it when it comes. */
  const tellEngine = async (): Promise<void> => {
    try {
      await engine.reloadTrunks();
    } catch (error) {
      log.warn({ err: error }, 'trunks were stored, the engine takes them over later');
    }
  };
  const own = async (trunkId: TrunkId): Promise<StoredTrunk> => {
    const trunk = await found(trunkId);
    if (trunk.isDemo)
      throw new AppError('conflict', 'This trunk belongs to the demonstration: it can only be removed with it.');
    return trunk;
  };

  return {
    list: async () => (await store.list()).map(withState),
    get: async (trunkId) => withState(await found(trunkId)),

    async create(body, options = {}) {
      checkSettings(body.settings, body.password !== undefined);
      const trunk = await store.insert({
        trunkId: ids.next<TrunkId>(),
        name: body.name,
        settings: body.settings,
        secret: body.password === undefined ? null : secrets.seal(body.password),
        priority: body.priority,
        isEnabled: body.isEnabled,
        isDemo: options.isDemo ?? false,
      });
      await tellEngine();
      return withState(trunk);
    },

    async update(trunkId, body) {
      const before = await own(trunkId);
      const hasPassword = body.password === undefined ? before.hasPassword : body.password !== null;
      checkSettings(body.settings ?? before.settings, hasPassword);
      const { password, ...change } = body;
      const secret = password === undefined ? {} : { secret: password === null ? null : secrets.seal(password) };
      const trunk = await store.update(trunkId, { ...change, ...secret }, new Date(clock.now()));
      if (trunk === undefined) throw new AppError('notFound', 'There is no such trunk.');
      await tellEngine();
      return withState(trunk);
    },

    async moveDemo(trunkId, address) {
      const before = await found(trunkId);
      if (!before.isDemo) throw new AppError('forbidden', 'Only the demonstration’s trunk is moved so.');
      if (before.settings.host === address.host && before.settings.port === address.port) return withState(before);
      const trunk = await store.update(
        trunkId,
        { settings: { ...before.settings, ...address } },
        new Date(clock.now()),
      );
      await tellEngine();
      return withState(trunk ?? before);
    },

    async delete(trunkId) {
      await own(trunkId);
      const campaigns = await store.campaignsUsing(trunkId);
      if (campaigns.length > 0)
        throw new AppError(
          'conflict',
          `Campaigns in progress use this trunk: ${campaigns.join(', ')}. Stop them first.`,
          {
            details: { campaigns },
          },
        );
      await store.delete(trunkId);
      await tellEngine();
    },

    async test(trunkId, number, options) {
      await found(trunkId);
      return engine.testTrunk(trunkId, number, options);
    },
  };
};
