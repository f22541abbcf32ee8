import type { CampaignCheck, CampaignCheckCode, UserId } from '@qianhu/contracts';
import {
  checkSettings,
  tighten,
  type CampaignSettings,
  type RulePack,
  type SettingsProblem,
  type TrunkId,
} from '@qianhu/core';
import type { TrunkState } from '@qianhu/switch';
import type { ListFacts, TrunkFacts } from './campaign-store.ts';

/** What the checks look at besides the settings. */
export type CheckFacts = {
  readonly pack: RulePack;
  readonly lists: readonly ListFacts[];
  readonly trunks: readonly TrunkFacts[];
  readonly trunkState: (trunkId: TrunkId) => TrunkState | undefined;
  /** Agents of the campaign who may log in. */
  readonly agentIds: readonly UserId[];
  /** Whether any of them is at the station now. */
  readonly hasAgentAtWork: boolean;
};

const SETTINGS_TEXT: Readonly<Record<SettingsProblem['code'], string>> = {
  missing: 'Nothing is set.',
  repeated: 'A value stands there twice.',
  notANumber: 'A whole number is needed.',
  tooSmall: 'The value is too small.',
  tooGreat: 'The value is too great.',
  windowNonsense: 'The hours make no sense.',
  windowNeverOpen: 'The window never opens.',
  windowNeverOpenUnderPack: 'Within the hours of the rule pack the window never opens.',
  messageRequired: 'The rule pack asks for a message to those for whom nobody is in time.',
  wrongPack: 'The rule pack is another one.',
  unknownOutcomeRule: 'The outcome is not known.',
  looserThanPack: 'The rule pack is stricter: this value does nothing.',
};

/** Everything that keeps a campaign from starting or from dialing well, all at once. Pure. */
export const checkCampaign = (settings: CampaignSettings, facts: CheckFacts): readonly CampaignCheck[] => {
  const problems: CampaignCheck[] = checkSettings(settings, facts.pack).map((problem) => ({
    field: `settings.${problem.field}`,
    code: problem.code,
    severity: problem.severity,
    message: SETTINGS_TEXT[problem.code] + (problem.limit === undefined ? '' : ` The bound is ${problem.limit}.`),
    ...(problem.limit === undefined ? {} : { limit: problem.limit }),
  }));
  const add = (
    severity: CampaignCheck['severity'],
    field: string,
    code: CampaignCheckCode,
    message: string,
    subject?: string,
  ): void => {
    problems.push({ field, code, severity, message, ...(subject === undefined ? {} : { subject }) });
  };

  for (const listId of settings.listIds) {
    const list = facts.lists.find((candidate) => candidate.listId === listId);
    if (list === undefined) {
      add('error', 'settings.listIds', 'unknownList', 'A list does not exist.', listId);
      continue;
    }
    for (const other of list.usedBy)
      add(
        'error',
        'settings.listIds',
        'listInUse',
        `Another campaign in progress dials this list: ${other.name}.`,
        list.name,
      );
    if (!list.hasLeads) add('warning', 'settings.listIds', 'listEmpty', 'The list has no leads.', list.name);
    else if (!list.hasReadyLeads)
      add('warning', 'settings.listIds', 'listDone', 'Every lead of the list is done.', list.name);
  }
  const needsConsent = tighten(facts.pack, settings).consent === 'always';
  for (const list of facts.lists)
    if (needsConsent && !list.hasConsent)
      add(
        'error',
        'settings.listIds',
        'consentMissing',
        'The list has no consent on record, which the rules ask for: none of its people may be called.',
        list.name,
      );
  const demoLists = facts.lists.filter((list) => list.isDemo).length;
  const isDemo = demoLists > 0;
  if (isDemo && demoLists < facts.lists.length)
    add('error', 'settings.listIds', 'demoMixed', 'Lists of the demonstration and others cannot be mixed.');
  if (facts.pack.isDemo && !isDemo && facts.lists.length > 0)
    add(
      'error',
      'settings.rulePack',
      'labPackNeedsDemoList',
      'The lab’s rules are for lists of the demonstration only.',
    );

  for (const trunkId of settings.trunkIds) {
    const trunk = facts.trunks.find((candidate) => candidate.trunkId === trunkId);
    if (trunk === undefined) {
      add('error', 'settings.trunkIds', 'unknownTrunk', 'A trunk does not exist.', trunkId);
      continue;
    }
    if (trunk.isDemo && !isDemo && facts.lists.length > 0)
      add(
        'error',
        'settings.trunkIds',
        'labTrunkNeedsDemoList',
        'The lab’s trunk takes lists of the demonstration only.',
        trunk.name,
      );
    if (!trunk.isDemo && isDemo)
      add(
        'error',
        'settings.trunkIds',
        'demoListNeedsLabTrunk',
        'Lists of the demonstration are dialled through the lab only.',
        trunk.name,
      );
    if (!trunk.isEnabled) {
      add('warning', 'settings.trunkIds', 'trunkDisabled', 'The trunk is switched off.', trunk.name);
      continue;
    }
    const state = facts.trunkState(trunkId);
    if (state?.reachable === 'unreachable')
      add('warning', 'settings.trunkIds', 'trunkUnreachable', 'The trunk does not answer.', trunk.name);
    if (state?.registration === 'rejected')
      add('warning', 'settings.trunkIds', 'trunkRejected', 'The carrier refuses our registration.', trunk.name);
  }
  if (facts.trunks.length > 0 && facts.trunks.every((trunk) => !trunk.isEnabled))
    add('error', 'settings.trunkIds', 'noTrunkEnabled', 'Every trunk of the campaign is switched off.');

  if (facts.agentIds.length === 0) add('error', 'agentIds', 'noAgents', 'Nobody takes the calls of this campaign.');
  else if (!facts.hasAgentAtWork)
    add(
      'warning',
      'agentIds',
      'noAgentAtWork',
      'No agent of this campaign is at work: nothing is dialled until one is.',
    );
  return problems;
};
