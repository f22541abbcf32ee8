import type {
  AttemptId,
  CallEffect,
  CallId,
  CallState,
  DialId,
  EpochMs,
  LeadFacts,
  LegId,
  ListId,
  PhoneNumber,
  TrunkId,
} from '@qianhu/core';

/** What the engine must remember of a lead while its attempt is open. */
export type LeadInCall = {
  readonly leadId: string;
  readonly listId: ListId;
  readonly numbers: readonly PhoneNumber[];
  readonly numberIndex: number;
  readonly zone: string;
  /** Attempts including this one. */
  readonly attempts: number;
  readonly outcomeCounts: Readonly<Record<string, number>>;
  /** What was known of the lead when it was dialled, and the pacer's probability (0–1); absent after a restart. */
  readonly odds?: { readonly facts: LeadFacts; readonly probability?: number };
};

/** What the switch is told of one dial. */
export type DialOrder = {
  readonly dialId: DialId;
  readonly legId: LegId;
  readonly callId: CallId;
  readonly attemptId: AttemptId;
  readonly number: PhoneNumber;
  readonly trunkId: TrunkId;
  readonly dialString: string;
  readonly callerId: string | undefined;
  readonly callerIdShown: string | undefined;
  readonly atMs: EpochMs;
};

export type StartedCall = {
  readonly state: Extract<CallState, { kind: 'dialing' }>;
  readonly effects: readonly CallEffect[];
  readonly lead: LeadInCall;
  readonly order: DialOrder;
};
