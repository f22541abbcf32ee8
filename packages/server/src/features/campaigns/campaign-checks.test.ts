import type { UserId } from '@qianhu/contracts';
import {
  defaultCampaignSettings,
  rulePackAt,
  type ListId,
  type PhoneNumber,
  type RulePackId,
  type TrunkId,
} from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import { checkCampaign } from './campaign-checks.ts';

const listId = 'list' as ListId;
const trunkId = 'trunk' as TrunkId;

const codes = (rulePack: RulePackId, hasConsent: boolean): readonly string[] =>
  checkCampaign(
    {
      ...defaultCampaignSettings,
      rulePack,
      listIds: [listId],
      trunkIds: [trunkId],
      callerIds: ['+862100000000' as PhoneNumber],
    },
    {
      pack: rulePackAt(rulePack, Date.UTC(2026, 10, 1)),
      lists: [
        {
          listId,
          name: '回访',
          isDemo: rulePack === 'lab',
          hasConsent,
          hasLeads: true,
          hasReadyLeads: true,
          usedBy: [],
        },
      ],
      trunks: [{ trunkId, name: 'carrier', isDemo: rulePack === 'lab', isEnabled: true }],
      trunkState: () => undefined,
      agentIds: ['agent' as UserId],
      hasAgentAtWork: true,
    },
  ).map((problem) => problem.code);

describe('the checks of a campaign', () => {
  it('refuse a list without consent where the rules ask for it, and only there', () => {
    expect(codes('china', false)).toEqual(['consentMissing']);
    expect(codes('china', true)).toEqual([]);
    expect(codes('usa', false)).toEqual([]);
    expect(codes('lab', false)).toEqual([]);
  });
});
