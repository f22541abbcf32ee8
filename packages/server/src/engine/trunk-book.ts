import {
  allowedCountriesOf,
  fullBucket,
  refill,
  restAfterFailures,
  takeToken,
  trunkHeadroom,
  type CountryCode,
  type DialId,
  type EpochMs,
  type FormatRule,
  type PhoneNumber,
  type TokenBucket,
  type TrunkCandidate,
  type TrunkHome,
  type TrunkId,
  type TrunkLimits,
  type VendorCause,
  type VerdictTrunk,
} from '@qianhu/core';
import type { TrunkSpec, TrunkState } from '@qianhu/switch';
import type { RestReason } from './caller-id-book.ts';
import { RollingCount } from './rolling-count.ts';

/** A trunk as the engine needs it, read from its row. */
export type EngineTrunk = {
  readonly trunkId: TrunkId;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly isDemo: boolean;
  readonly priority: number;
  readonly home: TrunkHome;
  readonly dialFormat: readonly FormatRule[];
  readonly callerIdFormat: readonly FormatRule[];
  readonly allowedCountries?: readonly CountryCode[] | 'any';
  readonly allowsPremiumRate: boolean;
  readonly limits: TrunkLimits;
  /** Cost of one call for the spend limit, in the currency's smallest unit. */
  readonly costPerCall: number;
  readonly vendorCauses: readonly VendorCause[];
  readonly spec: TrunkSpec;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

type TrunkUse = {
  trunk: EngineTrunk;
  bucket: TokenBucket;
  /** Open dials: an open row each, so a slot is never counted up or down. */
  readonly open: Set<DialId>;
  readonly lastHour: RollingCount;
  state: TrunkState;
  failuresInRow: number;
  restsUntilMs: EpochMs;
};

type CallerIdUse = { readonly open: Set<DialId>; readonly lastHour: RollingCount; readonly lastDay: RollingCount };

/** A caller ID that is not shown for a while. */
export type CallerIdRest = {
  readonly number: string;
  readonly sinceMs: EpochMs;
  readonly untilMs: EpochMs;
  readonly why: RestReason;
};

const lastHour = (): RollingCount => new RollingCount(HOUR_MS, 60);
const lastDay = (): RollingCount => new RollingCount(DAY_MS, 288);

/** What is known of trunks and caller IDs right now: settings, health and use. Rebuilt from rows at every start. */
export class TrunkBook {
  readonly #trunks = new Map<TrunkId, TrunkUse>();
  readonly #callerIds = new Map<string, CallerIdUse>();
  /** As the rows of rests say; those that have passed may be among them. */
  #rests: ReadonlyMap<string, CallerIdRest> = new Map();
  readonly #byDial = new Map<DialId, { readonly trunkId: TrunkId; readonly callerId: string | undefined }>();

  /** Takes the rows as they are now; use and health of trunks that stay are kept. Returns what the switch must be told. */
  load(
    trunks: readonly EngineTrunk[],
    nowMs: EpochMs,
  ): { readonly put: readonly TrunkSpec[]; readonly remove: readonly TrunkId[] } {
    const ids = new Set(trunks.map((trunk) => trunk.trunkId));
    const remove = [...this.#trunks.keys()].filter((id) => !ids.has(id));
    for (const id of remove) this.#trunks.delete(id);
    for (const trunk of trunks) {
      const before = this.#trunks.get(trunk.trunkId);
      if (before !== undefined) before.trunk = trunk;
      else {
        this.#trunks.set(trunk.trunkId, {
          trunk,
          bucket: fullBucket(trunk.limits.newCalls, nowMs),
          open: new Set(),
          lastHour: lastHour(),
          state: {
            reachable: 'unknown',
            registration: trunk.spec.auth.kind === 'registration' ? 'unregistered' : 'notUsed',
          },
          failuresInRow: 0,
          restsUntilMs: 0,
        });
      }
    }
    return { put: trunks.filter((trunk) => trunk.isEnabled).map((trunk) => trunk.spec), remove };
  }

  get(id: TrunkId): EngineTrunk | undefined {
    return this.#trunks.get(id)?.trunk;
  }

  all(): readonly EngineTrunk[] {
    return [...this.#trunks.values()].map((use) => use.trunk);
  }

  state(id: TrunkId): TrunkState | undefined {
    return this.#trunks.get(id)?.state;
  }

  setState(id: TrunkId, state: TrunkState): void {
    const use = this.#trunks.get(id);
    if (use !== undefined) use.state = state;
  }

  /** A dial is out (or was found open after a restart). */
  opened(dial: {
    readonly dialId: DialId;
    readonly trunkId: TrunkId;
    readonly callerId: string | undefined;
    readonly atMs: EpochMs;
  }): void {
    this.#byDial.set(dial.dialId, { trunkId: dial.trunkId, callerId: dial.callerId });
    const use = this.#trunks.get(dial.trunkId);
    if (use !== undefined) {
      use.open.add(dial.dialId);
      use.lastHour.add(dial.atMs);
      const taken = takeToken(use.bucket, use.trunk.limits.newCalls, dial.atMs);
      use.bucket = taken.taken ? taken.bucket : refill(use.bucket, use.trunk.limits.newCalls, dial.atMs);
    }
    if (dial.callerId !== undefined) {
      const shown = this.#callerId(dial.callerId);
      shown.open.add(dial.dialId);
      shown.lastHour.add(dial.atMs);
      shown.lastDay.add(dial.atMs);
    }
  }

  /** The dial is over. `isCarrierFailure`: it ended by the carrier's fault, which rests a trunk after several in a row. */
  closed(dialId: DialId, nowMs: EpochMs, isCarrierFailure: boolean): void {
    const dial = this.#byDial.get(dialId);
    if (dial === undefined) return;
    this.#byDial.delete(dialId);
    if (dial.callerId !== undefined) this.#callerIds.get(dial.callerId)?.open.delete(dialId);
    const use = this.#trunks.get(dial.trunkId);
    if (use === undefined) return;
    use.open.delete(dialId);
    use.failuresInRow = isCarrierFailure ? use.failuresInRow + 1 : 0;
    use.restsUntilMs = isCarrierFailure ? nowMs + restAfterFailures(use.failuresInRow) : 0;
  }

  /** Failures so far no longer rest a trunk: the switch itself had died, which is no carrier's fault. */
  forgiveFailures(): void {
    for (const use of this.#trunks.values()) {
      use.failuresInRow = 0;
      use.restsUntilMs = 0;
    }
  }

  /** The clock was set by `byMs`: rests, rates and windows go on as if it had always been so. */
  clockJumped(byMs: number): void {
    for (const use of this.#trunks.values()) {
      if (use.restsUntilMs > 0) use.restsUntilMs += byMs;
      use.bucket = { ...use.bucket, atMs: use.bucket.atMs + byMs };
      use.lastHour.shift(byMs);
    }
    for (const use of this.#callerIds.values()) {
      use.lastHour.shift(byMs);
      use.lastDay.shift(byMs);
    }
  }

  /** Earlier dials of today, counted from rows at start. */
  recordPast(
    past: readonly { readonly trunkId: TrunkId; readonly callerId: string | undefined; readonly atMs: EpochMs }[],
    nowMs: EpochMs,
  ): void {
    for (const dial of past) {
      if (dial.atMs > nowMs - HOUR_MS) this.#trunks.get(dial.trunkId)?.lastHour.add(dial.atMs);
      if (dial.callerId === undefined) continue;
      const shown = this.#callerId(dial.callerId);
      shown.lastDay.add(dial.atMs);
      if (dial.atMs > nowMs - HOUR_MS) shown.lastHour.add(dial.atMs);
    }
  }

  /** Trunks as core's choice wants them. `extra`: dials just being chosen in the same batch, not yet opened. */
  candidates(nowMs: EpochMs, extra: ReadonlyMap<TrunkId, number> = new Map()): readonly TrunkCandidate[] {
    return [...this.#trunks.values()].map((use) => candidateOf(use, nowMs, extra.get(use.trunk.trunkId) ?? 0));
  }

  /** How many new calls the given trunks (all enabled ones of this kind when empty) can take now. */
  headroom(ids: readonly TrunkId[], isDemo: boolean, nowMs: EpochMs): number {
    let lines = 0;
    for (const use of this.#trunks.values()) {
      if (use.trunk.isDemo !== isDemo) continue;
      if (ids.length > 0 && !ids.includes(use.trunk.trunkId)) continue;
      lines += trunkHeadroom(candidateOf(use, nowMs, 0), nowMs);
    }
    return lines;
  }

  /** Use of one caller ID: dials of the last 24 h (the cap's day), of the last hour, and open now. */
  callerIdUse(
    number: PhoneNumber,
    nowMs: EpochMs,
  ): { readonly dialsToday: number; readonly dialsInWindow: number; readonly concurrent: number } {
    const use = this.#callerIds.get(number);
    if (use === undefined) return { dialsToday: 0, dialsInWindow: 0, concurrent: 0 };
    return {
      dialsToday: use.lastDay.count(nowMs),
      dialsInWindow: use.lastHour.count(nowMs),
      concurrent: use.open.size,
    };
  }

  setRests(rests: readonly CallerIdRest[]): void {
    this.#rests = new Map(rests.map((rest) => [rest.number, rest]));
  }

  /** The rest that a caller ID takes now. */
  restOf(number: string, nowMs: EpochMs): CallerIdRest | undefined {
    const rest = this.#rests.get(number);
    return rest !== undefined && rest.untilMs > nowMs ? rest : undefined;
  }

  openDials(id: TrunkId): number {
    return this.#trunks.get(id)?.open.size ?? 0;
  }

  #callerId(number: string): CallerIdUse {
    let use = this.#callerIds.get(number);
    if (use === undefined)
      this.#callerIds.set(number, (use = { open: new Set(), lastHour: lastHour(), lastDay: lastDay() }));
    return use;
  }
}

const candidateOf = (use: TrunkUse, nowMs: EpochMs, extra: number): TrunkCandidate => {
  const { trunk } = use;
  const calls = use.lastHour.count(nowMs) + extra;
  const bucket = extra === 0 ? use.bucket : { ...refill(use.bucket, trunk.limits.newCalls, nowMs) };
  return {
    trunkId: trunk.trunkId,
    isEnabled: trunk.isEnabled,
    isDemo: trunk.isDemo,
    priority: trunk.priority,
    homeCountry: trunk.home.country,
    ...(trunk.allowedCountries === undefined ? {} : { allowedCountries: trunk.allowedCountries }),
    allowsPremiumRate: trunk.allowsPremiumRate,
    limits: trunk.limits,
    reachable: use.state.reachable,
    registration: use.state.registration,
    concurrent: use.open.size + extra,
    bucket: extra === 0 ? bucket : { ...bucket, tokens: bucket.tokens - extra },
    callsThisHour: calls,
    spendThisHour: calls * trunk.costPerCall,
    restsUntilMs: use.restsUntilMs,
  };
};

/** The trunk as the verdict sees it. */
export const verdictTrunk = (trunk: EngineTrunk, country: CountryCode): VerdictTrunk => {
  const allowed = allowedCountriesOf({
    homeCountry: trunk.home.country,
    ...(trunk.allowedCountries === undefined ? {} : { allowedCountries: trunk.allowedCountries }),
  });
  return {
    trunkId: trunk.trunkId,
    isDemo: trunk.isDemo,
    allowedCountries: allowed === 'any' ? [country] : allowed,
    allowsPremiumRate: trunk.allowsPremiumRate,
  };
};
