import {
  defaultCampaignSettings,
  rulePackAt,
  type CampaignSettings,
  type Outcome,
  type OutcomeRetry,
  type RetryDelay,
} from '@qianhu/core';
import type { Campaign, ListView, Trunk } from '@qianhu/contracts';

/** What the form edits. */
export type CampaignDraft = {
  readonly name: string;
  readonly settings: CampaignSettings;
  /** Undefined: every agent of the campaign's kind. */
  readonly agentIds: Campaign['agentIds'] | undefined;
};

export type DraftChoice = {
  readonly lists: readonly ListView[];
  readonly trunks: readonly Trunk[];
  /** Caller IDs of the latest campaign of the same kind: most houses show the same numbers every time. */
  readonly lastCallerIds: CampaignSettings['callerIds'];
};

/** A draft to begin with: core's defaults and nothing chosen. */
export const emptyDraft: CampaignDraft = { name: '', settings: defaultCampaignSettings, agentIds: undefined };

const ids = <T>(values: readonly string[]): readonly T[] => values as unknown as readonly T[];

type Person = {
  readonly userId: string;
  readonly role: string;
  readonly isDisabled: boolean;
  readonly isDemo: boolean;
};

/** Who "all agents" are: those of the demonstration for its campaigns, the others for all others. */
export const agentsFor = <U extends Person>(settings: CampaignSettings, users: readonly U[]): readonly U[] =>
  users.filter((user) => !user.isDisabled && user.role === 'agent' && user.isDemo === (settings.rulePack === 'lab'));

/** A campaign as a draft; one that has every agent of its kind says so instead of naming them. */
export const draftOf = (campaign: Campaign, users: readonly Person[]): CampaignDraft => {
  const { name, settings, agentIds } = campaign;
  const chosen = new Set<string>(agentIds);
  const everyone = agentsFor(settings, users);
  const isAll = everyone.length > 0 && chosen.size === everyone.length && everyone.every((x) => chosen.has(x.userId));
  return { name, settings, agentIds: isAll ? undefined : agentIds };
};

/**
 * Takes lists into the draft and what follows from them: a demonstration list goes over lab trunks by the lab's rules, a
 * real one over every enabled real trunk. A name that was typed stays.
 */
export const chooseLists = (draft: CampaignDraft, listIds: readonly string[], choice: DraftChoice): CampaignDraft => {
  const chosen = choice.lists.filter((list) => listIds.includes(list.listId));
  const isDemo = chosen.length > 0 && chosen.every((list) => list.isDemo);
  const wasDemo = draft.settings.rulePack === 'lab';
  const trunkIds = choice.trunks
    .filter((trunk) => trunk.isEnabled && trunk.isDemo === isDemo)
    .map((trunk) => trunk.trunkId);
  const keepsTrunks = draft.settings.trunkIds.length > 0 && wasDemo === isDemo;
  const autoName = (names: readonly ListView[]): string =>
    names
      .map((list) => list.name)
      .join('、')
      .slice(0, 80);
  const before = choice.lists.filter((list) => (draft.settings.listIds as readonly string[]).includes(list.listId));
  const isNameOurs = draft.name === '' || draft.name === autoName(before);
  return {
    ...draft,
    name: isNameOurs ? autoName(chosen) : draft.name,
    settings: {
      ...draft.settings,
      listIds: ids(listIds),
      rulePack: isDemo ? 'lab' : wasDemo ? 'china' : draft.settings.rulePack,
      trunkIds: keepsTrunks ? draft.settings.trunkIds : trunkIds,
      callerIds: draft.settings.callerIds.length > 0 ? draft.settings.callerIds : choice.lastCallerIds,
    },
  };
};

/** Takes numbers that were typed or pasted; returns what cannot be one. Spaces and dashes inside a number are no fault. */
export const parseCallerIds = (
  texts: readonly string[],
): { readonly numbers: CampaignSettings['callerIds']; readonly invalid: readonly string[] } => {
  const parts = texts.flatMap((text) => text.split(/[,;，；、\n]+/)).map((part) => part.replace(/[\s()-]/g, ''));
  const filled = [...new Set(parts.filter((part) => part !== ''))];
  const isNumber = (part: string): boolean => /^\+[1-9]\d{4,14}$/.test(part);
  return { numbers: ids(filled.filter(isNumber)), invalid: filled.filter((part) => !isNumber(part)) };
};

/** Outcomes whose retry the form shows; the others keep their defaults. */
export const RETRY_OUTCOMES = [
  'noAnswer',
  'busy',
  'poweredOff',
  'machine',
  'dropped',
] as const satisfies readonly Outcome[];

const firstDelayMs = (delay: RetryDelay): number => (delay.kind === 'list' ? (delay.delaysMs[0] ?? 0) : delay.firstMs);

/** A retry rule as the form shows it: how often, and after how many minutes the first time. */
export const retryFieldsOf = (
  rule: OutcomeRetry | undefined,
): { readonly max: number; readonly minutes: number } | undefined =>
  rule === undefined ? undefined : { max: rule.maxAttempts, minutes: Math.round(firstDelayMs(rule.delay) / 60_000) };

/** Changes how often or after how long an outcome is tried again; later delays of a list stay as they are. */
export const changeRetry = (
  settings: CampaignSettings,
  outcome: Outcome,
  change: { readonly max?: number; readonly minutes?: number },
): CampaignSettings => {
  const rule: OutcomeRetry = settings.retry.perOutcome[outcome] ??
    defaultCampaignSettings.retry.perOutcome[outcome] ?? {
      maxAttempts: 1,
      delay: { kind: 'list', delaysMs: [3_600_000] },
      nextNumber: 'same',
    };
  const { max, minutes } = change;
  if (max !== undefined && max <= 0) {
    const { [outcome]: _, ...rest } = settings.retry.perOutcome;
    return { ...settings, retry: { ...settings.retry, perOutcome: rest } };
  }
  const delayOf = (ms: number): RetryDelay =>
    rule.delay.kind === 'list'
      ? { kind: 'list', delaysMs: [ms, ...rule.delay.delaysMs.slice(1).map((later) => Math.max(later, ms))] }
      : { ...rule.delay, firstMs: ms, maxMs: Math.max(rule.delay.maxMs, ms) };
  const next: OutcomeRetry = {
    ...rule,
    ...(max === undefined ? {} : { maxAttempts: max }),
    ...(minutes === undefined ? {} : { delay: delayOf(minutes * 60_000) }),
  };
  return { ...settings, retry: { ...settings.retry, perOutcome: { ...settings.retry.perOutcome, [outcome]: next } } };
};

/** The rule pack of a draft as it is in force now. */
export const packOf = (settings: CampaignSettings, nowMs: number) => rulePackAt(settings.rulePack, nowMs);

/** The first part of a checked field's path: `caps.perDay` belongs to `caps`. */
export const fieldRoot = (field: string): string => field.replace(/^settings\./, '').split('.')[0] ?? field;

/** A checked limit as people read it: milliseconds as seconds. */
export const limitText = (field: string, limit: number | undefined): string =>
  limit === undefined
    ? ''
    : /Ms$/.test(field)
      ? `${limit / 1000} s`
      : /dropLimit$/.test(field)
        ? `${Math.round(limit * 1000) / 10} %`
        : String(limit);
