import type { NumberCaps, ConsentNeeded, QuietTimes, RulePackId } from '../compliance/rule-pack.ts';
import type { CallingWindow } from '../dialing/calling-window.ts';
import { ALWAYS_OPEN } from '../dialing/calling-window.ts';
import type { LeadOrderPolicy } from '../dialing/lead-order.ts';
import { defaultLeadOrder } from '../dialing/lead-order.ts';
import type { RetryPolicy } from '../dialing/retry.ts';
import { defaultRetryPolicy } from '../dialing/retry.ts';
import type { ListId, PhoneNumber, TrunkId } from '../ids.ts';

/**
 * How many lines are dialled: one per free agent, a fixed number per free agent, or as many as keep the share (0–1) of
 * people who answer and find nobody within `dropLimit` (dialing/pacing).
 */
export type DialMode =
  | { readonly kind: 'progressive' }
  | { readonly kind: 'ratio'; readonly linesPerAgent: number }
  | { readonly kind: 'predictive'; readonly dropLimit: number };

/** A code that an agent puts on a finished call, and what it does to the lead. */
export type Disposition = {
  readonly code: string;
  readonly label: { readonly zh: string; readonly en: string };
  /** `done` ends the lead; `retry` follows the policy for no answer; `callback` asks for a time; `optOut` adds a DNC entry. */
  readonly then: 'done' | 'retry' | 'callback' | 'optOut';
};

/** The name of a prompt: one that ships (`drop`, `goodbye`, …) or an uploaded one. */
export type PromptName = string;

export type CallerIdUse = {
  /** Prefer a caller ID of the callee's own city. */
  readonly sameCityFirst: boolean;
  /** Most dials a day that show one caller ID. */
  readonly maxPerDay: number;
  /** Most open dials at once that show one caller ID. */
  readonly maxConcurrent: number;
};

/** Everything that a supervisor sets for a campaign. Plain data, stored as it is; checked by `checkSettings`. */
export type CampaignSettings = {
  /** Lists whose leads are dialled; all of them demonstration lists or none. */
  readonly listIds: readonly ListId[];
  /** Trunks that may carry it, in order of preference; a trunk's own priority decides where this list is empty. */
  readonly trunkIds: readonly TrunkId[];
  /** Numbers that may be shown. */
  readonly callerIds: readonly PhoneNumber[];
  readonly callerIdUse: CallerIdUse;
  readonly rulePack: RulePackId;
  readonly voice: 'person' | 'artificial';
  readonly mode: DialMode;
  /** How long a callee's phone rings before we give up. */
  readonly ringTimeoutMs: number;
  readonly retry: RetryPolicy;
  readonly leadOrder: LeadOrderPolicy;
  /** 1–99, higher first, among campaigns that share agents. */
  readonly priority: number;
  /** In the callee's time; only ever narrows the rule pack's window. */
  readonly window: CallingWindow;
  /** Only ever tightens the rule pack's caps. */
  readonly caps: NumberCaps;
  readonly quiet: QuietTimes;
  readonly consent: ConsentNeeded;
  /** Most open dials and calls at once. */
  readonly maxChannels: number;
  readonly newCallsPerSecond: number;
  /** How long an answered callee may wait for an agent before the call is dropped. */
  readonly agentWaitMs: number;
  /** Played to a callee for whom nobody is in time; `null` hangs up at once, where the rule pack allows it. */
  readonly dropMessage: PromptName | null;
  readonly wrapUp: {
    /** The agent becomes ready by itself after this time; `null` waits for the agent. */
    readonly maxMs: number | null;
    /** Whether a disposition must be chosen before the agent is ready. */
    readonly dispositionRequired: boolean;
  };
  readonly recording: 'answered' | 'none';
  /** What a callee hears whose agent vanished mid-call. */
  readonly onAgentLost:
    | { readonly kind: 'anotherAgent'; readonly waitMs: number; readonly message: PromptName }
    | { readonly kind: 'message'; readonly message: PromptName };
  readonly dispositions: readonly Disposition[];
};

/** The result codes a campaign starts with. */
export const defaultDispositions: readonly Disposition[] = [
  { code: 'success', label: { zh: '成功', en: 'Success' }, then: 'done' },
  { code: 'notInterested', label: { zh: '无意向', en: 'Not interested' }, then: 'done' },
  { code: 'callback', label: { zh: '约定回拨', en: 'Call back' }, then: 'callback' },
  { code: 'notReached', label: { zh: '未联系到本人', en: 'Person not reached' }, then: 'retry' },
  { code: 'wrongNumber', label: { zh: '号码错误', en: 'Wrong number' }, then: 'done' },
  { code: 'optOut', label: { zh: '拒绝再次来电', en: 'Do not call again' }, then: 'optOut' },
];

/** Where a new campaign starts. It lacks lists, trunks and caller IDs, which only its owner can name. */
export const defaultCampaignSettings: CampaignSettings = {
  listIds: [],
  trunkIds: [],
  callerIds: [],
  callerIdUse: { sameCityFirst: true, maxPerDay: 200, maxConcurrent: 10 },
  rulePack: 'china',
  voice: 'person',
  mode: { kind: 'progressive' },
  ringTimeoutMs: 30_000,
  retry: defaultRetryPolicy,
  leadOrder: defaultLeadOrder,
  priority: 50,
  window: ALWAYS_OPEN,
  caps: {},
  quiet: {},
  consent: 'never',
  maxChannels: 30,
  newCallsPerSecond: 5,
  agentWaitMs: 2_000,
  dropMessage: 'drop',
  wrapUp: { maxMs: 30_000, dispositionRequired: true },
  recording: 'answered',
  onAgentLost: { kind: 'anotherAgent', waitMs: 10_000, message: 'hold' },
  dispositions: defaultDispositions,
};
