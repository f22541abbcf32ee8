import {
  campaignForecast,
  type Campaign,
  type CampaignForecast,
  type ForecastBody,
  type ForecastRecord,
} from '@qianhu/contracts';
import {
  DAY_MS,
  defaultRiskPacerSettings,
  rulePackAt,
  WEEKDAYS,
  type CampaignId,
  type CampaignSettings,
  type DialMode,
  type RiskPacerSettings,
  type RulePack,
} from '@qianhu/core';
import { AppError } from '../../errors.ts';
import type { Viewer } from '../../http/viewer.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CampaignService } from '../campaigns/campaign-service.ts';
import { basisOf, toldBasis } from './forecast-basis.ts';
import type { ForecastEnd, ForecastJob } from './forecast-job.ts';
import type { ForecastStore } from './forecast-store.ts';

export type ForecastDeps = {
  readonly store: ForecastStore;
  readonly campaigns: Pick<CampaignService, 'get'>;
  readonly clock: Clock;
  /** Simulates elsewhere than on this thread; ended by the signal. */
  readonly simulate: (job: ForecastJob, signal: AbortSignal) => Promise<ForecastEnd>;
};

/** What a campaign may be expected to bring, and what it brought. */
export interface ForecastService {
  /**
   * Answers a "what if" within seconds. A person's next question ends the one before (409), `signal` ends it too. What is
   * asked about a campaign as it is set, before its first dial, is kept as its forecast.
   */
  ask(campaignId: CampaignId, body: ForecastBody, viewer: Viewer, signal: AbortSignal): Promise<CampaignForecast>;
  record(campaignId: CampaignId): Promise<ForecastRecord>;
}

/** Threads at once: two cores carry the calls as well. */
const MOST_AT_ONCE = 2;
/** No simulation may take longer, whatever the machine. */
const HARD_LIMIT_MS = 20_000;
const BUDGET_MS = 2_500;
/** Agent-hours of one simulated day: large teams are steady after minutes, small ones need the day. */
const AGENT_HOURS = 80;
const SHED_AFTER_MS = 15_000;
/** Share of the agents who are in a conversation, for the lines that are left to ring. */
const LIKELY_TALKING = 0.8;

/** Hours of dialing on an ordinary day: the mean over the days on which rules and campaign allow any. */
export const hoursPerDayOf = (settings: CampaignSettings, pack: RulePack): number => {
  const own = settings.window.weekly;
  const minutes = WEEKDAYS.map((day) =>
    own[day].reduce(
      (sum, span) =>
        sum +
        pack.window.weekly[day].reduce(
          (inner, allowed) =>
            inner +
            Math.max(0, Math.min(span.toMinute, allowed.toMinute) - Math.max(span.fromMinute, allowed.fromMinute)),
          0,
        ),
      0,
    ),
  ).filter((open) => open > 0);
  const mean = minutes.reduce((sum, open) => sum + open, 0) / Math.max(1, minutes.length);
  // Nobody works round the clock: a window that is open all day is dialled in one shift.
  return mean === 0 ? 0 : Math.min(8, mean / 60);
};

const pacerSettings = (settings: CampaignSettings, pack: RulePack, dropLimit: number): RiskPacerSettings => {
  const shedAfterMs = Math.max(SHED_AFTER_MS, pack.minRingMs);
  const { shedAfterMs: _, ...defaults } = defaultRiskPacerSettings;
  return {
    ...defaults,
    windows: [{ name: 'day', lengthMs: DAY_MS, anchorMs: 0, limit: Math.min(dropLimit, pack.drop.limit) }],
    graceMs: Math.min(settings.agentWaitMs, pack.drop.connectWithinMs),
    ringTimeoutMs: settings.ringTimeoutMs,
    minRingMs: Math.min(pack.minRingMs, settings.ringTimeoutMs),
    ...(shedAfterMs < settings.ringTimeoutMs ? { shedAfterMs } : {}),
  };
};

const modeOf = (settings: CampaignSettings, body: ForecastBody): DialMode['kind'] =>
  body.mode ?? (body.dropLimit === undefined ? settings.mode.kind : 'predictive');

const atWork = (campaign: Campaign): number => {
  const { loggedOut: _, connecting: __, ...phases } = campaign.live?.agents ?? {};
  return Object.values(phases).reduce((sum, n) => sum + (n ?? 0), 0);
};

export const createForecastService = ({ store, campaigns, clock, simulate }: ForecastDeps): ForecastService => {
  /** Who asks now; at most one question each. */
  const asking = new Map<string, AbortController>();

  const exclusively = async <T>(viewer: Viewer, signal: AbortSignal, run: (end: AbortSignal) => Promise<T>) => {
    const who = viewer.userId ?? viewer.login;
    asking.get(who)?.abort(new AppError('conflict', 'A later question of yours took the place of this one.'));
    asking.delete(who);
    if (asking.size >= MOST_AT_ONCE)
      throw new AppError('unavailable', 'Other forecasts are being computed; ask again in a moment.', {
        retryable: true,
      });
    const controller = new AbortController();
    asking.set(who, controller);
    const gone = (): void => {
      controller.abort(new AppError('conflict', 'The question was withdrawn.'));
    };
    signal.addEventListener('abort', gone);
    const cancelTimer = clock.setTimer(HARD_LIMIT_MS, () => {
      controller.abort(
        new AppError('unavailable', 'The forecast took too long on this machine; ask for fewer agents.'),
      );
    });
    try {
      return await run(controller.signal);
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', gone);
      if (asking.get(who) === controller) asking.delete(who);
    }
  };

  return {
    async ask(campaignId, body, viewer, signal) {
      const campaign = await campaigns.get(campaignId);
      const { settings } = campaign;
      const pack = rulePackAt(settings.rulePack, clock.now());
      const [own, house, pacer, trunkLines, leads] = await Promise.all([
        store.samples({ campaignId }),
        store.samples({ isDemo: campaign.isDemo }),
        store.pacer(campaignId),
        store.trunkLines(settings.trunkIds),
        store.leads(campaignId),
      ]);
      const basis = basisOf({ asked: body, settings, pacer, own, house });
      const agents = body.agents ?? Math.max(1, atWork(campaign) || campaign.agentIds.length);
      const lines = body.lines ?? Math.max(1, Math.min(settings.maxChannels, trunkLines || settings.maxChannels));
      const kind = modeOf(settings, body);
      const ownLimit = settings.mode.kind === 'predictive' ? settings.mode.dropLimit : pack.drop.limit;
      const dropLimit = Math.min(body.dropLimit ?? ownLimit, pack.drop.limit);
      const hoursPerDay = hoursPerDayOf(settings, pack);
      const mode: DialMode =
        kind === 'predictive'
          ? { kind, dropLimit }
          : kind === 'ratio' && settings.mode.kind === 'ratio'
            ? settings.mode
            : { kind: 'progressive' };
      const { forecast, days } = await exclusively(viewer, signal, (end) =>
        simulate(
          {
            question: {
              agents,
              answerRate: basis.answerRate.value,
              talk: basis.talk.value,
              wrapUp: basis.wrapUp.value,
              answerDelay: basis.answerDelay.value,
              leads,
              lines: Math.max(1, lines - Math.round(LIKELY_TALKING * agents)),
              hoursPerDay: Math.max(0.5, Math.min(hoursPerDay || 8, AGENT_HOURS / agents)),
              settings: pacerSettings(settings, pack, dropLimit),
              mode,
            },
            // The same question gets the same answer, as far as the machine's speed allows as many days.
            seed: 1,
            mostDays: 12,
            leastDays: 3,
            budgetMs: BUDGET_MS,
          },
          end,
        ),
      );
      const { ringingLinesNeeded, finishHours, ...figures } = forecast;
      const told: CampaignForecast = {
        asked: { agents, lines, mode: mode.kind, dropLimit, leads, hoursPerDay },
        basis: toldBasis(basis),
        ...figures,
        finishHours: Object.values(finishHours).every(Number.isFinite) ? finishHours : null,
        linesNeeded: ringingLinesNeeded + agents,
        days,
        madeAtMs: clock.now(),
      };
      if (Object.keys(body).length === 0) await store.keep(campaignId, told);
      return told;
    },

    async record(campaignId) {
      const campaign = await campaigns.get(campaignId);
      const graceMs = rulePackAt(campaign.settings.rulePack, clock.now()).drop.connectWithinMs;
      const [kept, happened] = await Promise.all([
        store.kept(campaignId),
        store.happened(campaignId, graceMs, clock.now()),
      ]);
      // A forecast of an older shape is of no use any more.
      const predicted = campaignForecast.safeParse(kept);
      return { happened, ...(predicted.success ? { predicted: predicted.data } : {}) };
    },
  };
};
